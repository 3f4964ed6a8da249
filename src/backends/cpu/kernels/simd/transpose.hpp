// transpose(rows): a kLanes x kLanes matrix of floats, one row a vector. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu::simd {
namespace {

#if defined(__AVX512F__)

// The zero-masked forms keep GCC 12 from warning about undefined sources.
TENON_SIMD __m512 unpack_low(__m512 a, __m512 b) { return _mm512_maskz_unpacklo_ps(0xffff, a, b); }
TENON_SIMD __m512 unpack_high(__m512 a, __m512 b) { return _mm512_maskz_unpackhi_ps(0xffff, a, b); }
template <int Pattern>
TENON_SIMD __m512 pick(__m512 a, __m512 b) {
  return _mm512_maskz_shuffle_ps(0xffff, a, b, Pattern);
}
template <int Pattern>
TENON_SIMD __m512 pick_quarters(__m512 a, __m512 b) {
  return _mm512_maskz_shuffle_f32x4(0xffff, a, b, Pattern);
}

TENON_SIMD void transpose(F32 (&rows)[16]) {
  __m512 t[16];
  // 4 x 4 within quarters: t[4 g + c] holds, in quarter q, column 4 q + c of rows 4 g ... 4 g + 3.
  unroll<4>([&](auto group) TENON_INLINE_LAMBDA {
    constexpr int g = 4 * decltype(group)::value;
    const __m512 a = unpack_low(rows[g].r, rows[g + 1].r);
    const __m512 b = unpack_high(rows[g].r, rows[g + 1].r);
    const __m512 c = unpack_low(rows[g + 2].r, rows[g + 3].r);
    const __m512 d = unpack_high(rows[g + 2].r, rows[g + 3].r);
    t[g] = pick<0x44>(a, c);
    t[g + 1] = pick<0xee>(a, c);
    t[g + 2] = pick<0x44>(b, d);
    t[g + 3] = pick<0xee>(b, d);
  });
  unroll<4>([&](auto column) TENON_INLINE_LAMBDA {
    constexpr int c = decltype(column)::value;
    const __m512 even_low = pick_quarters<0x88>(t[c], t[4 + c]);
    const __m512 odd_low = pick_quarters<0xdd>(t[c], t[4 + c]);
    const __m512 even_high = pick_quarters<0x88>(t[8 + c], t[12 + c]);
    const __m512 odd_high = pick_quarters<0xdd>(t[8 + c], t[12 + c]);
    rows[c].r = pick_quarters<0x88>(even_low, even_high);
    rows[4 + c].r = pick_quarters<0x88>(odd_low, odd_high);
    rows[8 + c].r = pick_quarters<0xdd>(even_low, even_high);
    rows[12 + c].r = pick_quarters<0xdd>(odd_low, odd_high);
  });
}

#elif defined(__AVX2__)

TENON_SIMD void transpose(F32 (&rows)[8]) {
  __m256 t[8];
  unroll<2>([&](auto group) TENON_INLINE_LAMBDA {
    constexpr int g = 4 * decltype(group)::value;
    const __m256 a = _mm256_unpacklo_ps(rows[g].r, rows[g + 1].r);
    const __m256 b = _mm256_unpackhi_ps(rows[g].r, rows[g + 1].r);
    const __m256 c = _mm256_unpacklo_ps(rows[g + 2].r, rows[g + 3].r);
    const __m256 d = _mm256_unpackhi_ps(rows[g + 2].r, rows[g + 3].r);
    t[g] = _mm256_shuffle_ps(a, c, 0x44);
    t[g + 1] = _mm256_shuffle_ps(a, c, 0xee);
    t[g + 2] = _mm256_shuffle_ps(b, d, 0x44);
    t[g + 3] = _mm256_shuffle_ps(b, d, 0xee);
  });
  unroll<4>([&](auto column) TENON_INLINE_LAMBDA {
    constexpr int c = decltype(column)::value;
    rows[c].r = _mm256_permute2f128_ps(t[c], t[4 + c], 0x20);
    rows[4 + c].r = _mm256_permute2f128_ps(t[c], t[4 + c], 0x31);
  });
}

#else

TENON_SIMD void transpose(F32 (&rows)[4]) {
  const F32::Reg a = __builtin_shufflevector(rows[0].r, rows[1].r, 0, 4, 1, 5);
  const F32::Reg b = __builtin_shufflevector(rows[0].r, rows[1].r, 2, 6, 3, 7);
  const F32::Reg c = __builtin_shufflevector(rows[2].r, rows[3].r, 0, 4, 1, 5);
  const F32::Reg d = __builtin_shufflevector(rows[2].r, rows[3].r, 2, 6, 3, 7);
  rows[0].r = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  rows[1].r = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  rows[2].r = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  rows[3].r = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

#endif

}  // namespace
}  // namespace tenon::cpu::simd
