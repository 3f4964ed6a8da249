// Rows of bytes interleaved four columns at a time, with AVX-512 (BW). Include after bytes/avx512.hpp.
#pragma once

#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"

namespace tenon::cpu {
namespace {

// Four pixels of a row, or four times its one pixel of padding.
TENON_SIMD __m512i load_four(const DepthwiseS8Row::Source& row, int x) {
  if (row.step != 0) return _mm512_loadu_si512(row.at + x * row.step);
  return _mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(row.at)));
}

// As many columns as are a multiple of four; how many.
TENON_SIMD int interleave_fours(const DepthwiseS8Row::Source* rows, int columns, std::uint8_t flip,
                                std::uint8_t* to) {
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip));
  int x = 0;
  for (; x + 4 <= columns; x += 4, to += 4 * kS8GroupWeights) {
    const __m512i a = _mm512_xor_si512(load_four(rows[0], x), flips);
    const __m512i b = _mm512_xor_si512(load_four(rows[1], x), flips);
    const __m512i c = _mm512_xor_si512(load_four(rows[2], x), flips);
    const __m512i d = _mm512_xor_si512(load_four(rows[3], x), flips);
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
    // Four channels of each of the four pixels, which then are brought together pixel by pixel.
    const __m512i q0 = _mm512_unpacklo_epi16(ab_low, cd_low), q1 = _mm512_unpackhi_epi16(ab_low, cd_low);
    const __m512i q2 = _mm512_unpacklo_epi16(ab_high, cd_high), q3 = _mm512_unpackhi_epi16(ab_high, cd_high);
    const __m512i s0 = _mm512_maskz_shuffle_i32x4(0xffff, q0, q1, 0x44),
                  s1 = _mm512_maskz_shuffle_i32x4(0xffff, q0, q1, 0xee);
    const __m512i s2 = _mm512_maskz_shuffle_i32x4(0xffff, q2, q3, 0x44),
                  s3 = _mm512_maskz_shuffle_i32x4(0xffff, q2, q3, 0xee);
    _mm512_storeu_si512(to, _mm512_maskz_shuffle_i32x4(0xffff, s0, s2, 0x88));
    _mm512_storeu_si512(to + 64, _mm512_maskz_shuffle_i32x4(0xffff, s0, s2, 0xdd));
    _mm512_storeu_si512(to + 128, _mm512_maskz_shuffle_i32x4(0xffff, s1, s3, 0x88));
    _mm512_storeu_si512(to + 192, _mm512_maskz_shuffle_i32x4(0xffff, s1, s3, 0xdd));
  }
  return x;
}

}  // namespace
}  // namespace tenon::cpu
