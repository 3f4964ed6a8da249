// The contract of simd/portable.hpp on AVX-512-FP16, and what it adds: pairs of float16 in each lane of an
// F32.
#pragma once

#include "backends/cpu/kernels/simd/zip_avx512.hpp"

#include <cstring>

namespace tenon::cpu::simd {
namespace {

struct F16Pairs {
  static constexpr int kElements = 32;
  __m512h r;

  static TENON_SIMD F16Pairs load(const std::uint16_t* p) {
    return {__builtin_bit_cast(__m512h, _mm512_loadu_si512(p))};
  }
  static TENON_SIMD F16Pairs zero() { return {_mm512_setzero_ph()}; }
  // One pair in every lane.
  static TENON_SIMD F16Pairs set1(const void* p) {
    std::int32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return {__builtin_bit_cast(__m512h, _mm512_set1_epi32(pair))};
  }
  TENON_SIMD void store(std::uint16_t* p) const { _mm512_storeu_si512(p, __builtin_bit_cast(__m512i, r)); }
};

// a * b + c of each element, rounded once, to float16.
TENON_SIMD F16Pairs fma(F16Pairs a, F16Pairs b, F16Pairs c) { return {_mm512_fmadd_ph(a.r, b.r, c.r)}; }

TENON_SIMD F16Pairs operator+(F16Pairs a, F16Pairs b) { return {_mm512_add_ph(a.r, b.r)}; }

// The bits of the float16, in the lower half of each lane.
TENON_SIMD I32 float16_bits(F32 a) {
  return {_mm512_maskz_cvtepu16_epi32(0xffff, _mm512_maskz_cvtps_ph(0xffff, a.r, _MM_FROUND_TO_NEAREST_INT))};
}

// a, or a + b
TENON_SIMD F32 add_unless(bool alone, F32 a, F32 b) {
  return {_mm512_mask_add_ps(a.r, static_cast<__mmask16>(alone ? 0 : 0xffff), a.r, b.r)};
}

// a[0] + a[1], a[2] + a[3], …, b[0] + b[1], …
TENON_SIMD F32 add_neighbours(F32 a, F32 b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  return {_mm512_add_ps(_mm512_permutex2var_ps(a.r, even, b.r), _mm512_permutex2var_ps(a.r, odd, b.r))};
}

}  // namespace
}  // namespace tenon::cpu::simd
