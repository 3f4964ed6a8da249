// The contract of bytes/portable.hpp on AVX-512 (F, BW).
#pragma once

#include "backends/cpu/kernels/simd/avx512.hpp"
#include "backends/cpu/kernels/simd/zip_avx512.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::cpu::simd {
namespace {

// The explicit zeroed sources keep GCC 12 from warning about undefined ones in the unmasked forms.
TENON_SIMD I32 load_i8(const void* p) {
  return {_mm512_maskz_cvtepi8_epi32(0xffff, _mm_loadu_si128(static_cast<const __m128i*>(p)))};
}
TENON_SIMD I32 load_u8(const void* p) {
  return {_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128(static_cast<const __m128i*>(p)))};
}

TENON_SIMD void store_bytes(const I32 (&x)[1], void* p) {
  _mm_storeu_si128(static_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(0xffff, x[0].r));
}
TENON_SIMD void store_bytes(const I32 (&x)[4], void* p) {
  const __m512i low = _mm512_set1_epi32(0xff);
  const __m512i a = _mm512_packus_epi32(_mm512_and_si512(x[0].r, low), _mm512_and_si512(x[1].r, low));
  const __m512i b = _mm512_packus_epi32(_mm512_and_si512(x[2].r, low), _mm512_and_si512(x[3].r, low));
  const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_storeu_si512(p, _mm512_maskz_permutexvar_epi32(0xffff, lanes, _mm512_packus_epi16(a, b)));
}

// Four vectors are narrowed with saturation, which does most of the bounding.
struct Codes {
  bool is_signed;
  __m512i zero, low, high;                    // i32
  __m512i zero_words, low_bytes, high_bytes;  // i16, bytes

  Codes(bool is_signed_, std::int32_t zero_, std::int32_t low_, std::int32_t high_)
      : is_signed(is_signed_),
        zero(_mm512_set1_epi32(zero_)),
        low(_mm512_set1_epi32(low_)),
        high(_mm512_set1_epi32(high_)),
        zero_words(_mm512_set1_epi16(static_cast<std::int16_t>(zero_))),
        low_bytes(_mm512_set1_epi8(static_cast<char>(low_))),
        high_bytes(_mm512_set1_epi8(static_cast<char>(high_))) {}

  TENON_SIMD void store(const I32 (&x)[1], void* p) const {
    const __m512i codes = _mm512_add_epi32(x[0].r, zero);
    store_bytes({{_mm512_maskz_min_epi32(0xffff, _mm512_maskz_max_epi32(0xffff, codes, low), high)}}, p);
  }
  TENON_SIMD void store(const I32 (&x)[4], void* p) const { _mm512_storeu_si512(p, narrowed(x)); }
  TENON_SIMD __m512i narrowed(const I32 (&x)[4]) const {
    const __m512i a = _mm512_adds_epi16(_mm512_packs_epi32(x[0].r, x[1].r), zero_words);
    const __m512i b = _mm512_adds_epi16(_mm512_packs_epi32(x[2].r, x[3].r), zero_words);
    __m512i bytes;
    if (is_signed) {
      bytes = _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(a, b), low_bytes), high_bytes);
    } else {
      bytes = _mm512_min_epu8(_mm512_max_epu8(_mm512_packus_epi16(a, b), low_bytes), high_bytes);
    }
    return in_order(bytes);
  }

  // The same of codes from 0 to 255 with zero at 0, which saturation alone bounds.
  static TENON_SIMD __m512i saturated(const I32 (&x)[4]) {
    return in_order(
        _mm512_packus_epi16(_mm512_packs_epi32(x[0].r, x[1].r), _mm512_packs_epi32(x[2].r, x[3].r)));
  }

  // Lanes of 4 bytes that two packs of four vectors left in the order of 128-bit lanes.
  static TENON_SIMD __m512i in_order(__m512i bytes) {
    const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_maskz_permutexvar_epi32(0xffff, lanes, bytes);
  }
};

// sum + a[0] * b[0] + a[1] * b[1] of 16-bit integers.
TENON_SIMD I32 add_pairs(I32 sum, I32 a, I32 b) {
  return {_mm512_add_epi32(sum.r, _mm512_madd_epi16(a.r, b.r))};
}

struct Bytes16 {
  __m128i r;

  static TENON_SIMD Bytes16 set1(std::uint8_t x) { return {_mm_set1_epi8(static_cast<char>(x))}; }
  static TENON_SIMD Bytes16 load(const void* p) { return {_mm_loadu_si128(static_cast<const __m128i*>(p))}; }
  TENON_SIMD void store(void* p) const { _mm_storeu_si128(static_cast<__m128i*>(p), r); }
};

template <bool Signed>
TENON_SIMD Bytes16 largest(Bytes16 a, Bytes16 b) {
  return {Signed ? _mm_max_epi8(a.r, b.r) : _mm_max_epu8(a.r, b.r)};
}

// The low half of a byte selects from each row of 16, the high half tells which row counts.
TENON_SIMD std::ptrdiff_t look_up(const std::uint8_t* table, const std::uint8_t* src, std::uint8_t* dst,
                                  std::ptrdiff_t i, std::ptrdiff_t n) {
  constexpr int kRows = 16;
  __m512i rows[kRows];
  for (int row = 0; row < kRows; ++row) {
    rows[row] = _mm512_maskz_broadcast_i32x4(
        0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(table + row * kRows)));
  }
  const __m512i low_half = _mm512_set1_epi8(15);
  for (; i + 64 <= n; i += 64) {
    const __m512i x = _mm512_loadu_si512(src + i);
    const __m512i low = _mm512_and_si512(x, low_half);
    const __m512i high = _mm512_and_si512(x, _mm512_set1_epi8(static_cast<char>(0xf0)));
    __m512i y = _mm512_shuffle_epi8(rows[0], low);
    for (int row = 1; row < kRows; ++row) {
      const __mmask64 here = _mm512_cmpeq_epi8_mask(high, _mm512_set1_epi8(static_cast<char>(row * kRows)));
      y = _mm512_mask_shuffle_epi8(y, here, rows[row], low);
    }
    _mm512_storeu_si512(dst + i, y);
  }
  return i;
}

}  // namespace
}  // namespace tenon::cpu::simd
