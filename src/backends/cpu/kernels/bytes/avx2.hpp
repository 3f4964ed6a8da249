// The contract of bytes/portable.hpp on AVX2.
#pragma once

#include "backends/cpu/kernels/simd/avx2.hpp"
#include "backends/cpu/kernels/simd/zip_avx2.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::cpu::simd {
namespace {

TENON_SIMD I32 load_i8(const void* p) {
  return {_mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)))};
}
TENON_SIMD I32 load_u8(const void* p) {
  return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(p)))};
}

TENON_SIMD void store_bytes(const I32 (&x)[1], void* p) {
  const __m256i low = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8,
                                       12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i bytes = _mm256_shuffle_epi8(x[0].r, low);
  _mm_storel_epi64(static_cast<__m128i*>(p),
                   _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
}
TENON_SIMD void store_bytes(const I32 (&x)[4], void* p) {
  const __m256i mask = _mm256_set1_epi32(0xff);
  const __m256i a = _mm256_packus_epi32(_mm256_and_si256(x[0].r, mask), _mm256_and_si256(x[1].r, mask));
  const __m256i b = _mm256_packus_epi32(_mm256_and_si256(x[2].r, mask), _mm256_and_si256(x[3].r, mask));
  const __m256i lanes = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(static_cast<__m256i*>(p),
                      _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, b), lanes));
}

// Four vectors are narrowed with saturation, which does most of the bounding.
struct Codes {
  bool is_signed;
  __m256i zero, low, high;                    // i32
  __m256i zero_words, low_bytes, high_bytes;  // i16, bytes

  Codes(bool is_signed_, std::int32_t zero_, std::int32_t low_, std::int32_t high_)
      : is_signed(is_signed_),
        zero(_mm256_set1_epi32(zero_)),
        low(_mm256_set1_epi32(low_)),
        high(_mm256_set1_epi32(high_)),
        zero_words(_mm256_set1_epi16(static_cast<std::int16_t>(zero_))),
        low_bytes(_mm256_set1_epi8(static_cast<char>(low_))),
        high_bytes(_mm256_set1_epi8(static_cast<char>(high_))) {}

  TENON_SIMD void store(const I32 (&x)[1], void* p) const {
    const __m256i codes = _mm256_add_epi32(x[0].r, zero);
    store_bytes({{_mm256_min_epi32(_mm256_max_epi32(codes, low), high)}}, p);
  }
  TENON_SIMD void store(const I32 (&x)[4], void* p) const {
    const __m256i a = _mm256_adds_epi16(_mm256_packs_epi32(x[0].r, x[1].r), zero_words);
    const __m256i b = _mm256_adds_epi16(_mm256_packs_epi32(x[2].r, x[3].r), zero_words);
    __m256i bytes;
    if (is_signed) {
      bytes = _mm256_min_epi8(_mm256_max_epi8(_mm256_packs_epi16(a, b), low_bytes), high_bytes);
    } else {
      bytes = _mm256_min_epu8(_mm256_max_epu8(_mm256_packus_epi16(a, b), low_bytes), high_bytes);
    }
    const __m256i lanes = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(static_cast<__m256i*>(p), _mm256_permutevar8x32_epi32(bytes, lanes));
  }
};

// sum + a[0] * b[0] + a[1] * b[1] of 16-bit integers.
TENON_SIMD I32 add_pairs(I32 sum, I32 a, I32 b) {
  return {_mm256_add_epi32(sum.r, _mm256_madd_epi16(a.r, b.r))};
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

TENON_SIMD std::ptrdiff_t look_up(const std::uint8_t* table, const std::uint8_t* src, std::uint8_t* dst,
                                  std::ptrdiff_t i, std::ptrdiff_t n) {
  for (; i < n; ++i) dst[i] = table[src[i]];
  return i;
}

}  // namespace
}  // namespace tenon::cpu::simd
