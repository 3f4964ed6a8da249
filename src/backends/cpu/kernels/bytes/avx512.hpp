// The contract of bytes/portable.hpp on AVX-512 (F, BW).
#pragma once

#include "backends/cpu/kernels/simd/avx512.hpp"

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

}  // namespace
}  // namespace tenon::cpu::simd
