// The contract of simd/portable.hpp on AVX-512-BF16, and what it adds: pairs of bfloat16 in each lane of an
// F32.
#pragma once

#include "backends/cpu/kernels/simd/avx512.hpp"

#include <cstring>

namespace tenon::cpu::simd {
namespace {

struct Bf16Pairs {
  __m512bh r;

  static TENON_SIMD Bf16Pairs load(const std::uint16_t* p) {
    return {__builtin_bit_cast(__m512bh, _mm512_loadu_si512(p))};
  }
  // One pair in every lane.
  static TENON_SIMD Bf16Pairs set1(const void* p) {
    std::int32_t pair;
    std::memcpy(&pair, p, sizeof pair);
    return {__builtin_bit_cast(__m512bh, _mm512_set1_epi32(pair))};
  }
};

// a[0], b[0], a[1], … : 2 * kLanes numbers.
TENON_SIMD void store_zipped(I32 a, I32 b, std::int32_t* p) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  _mm512_storeu_si512(p, _mm512_permutex2var_epi32(a.r, low, b.r));
  _mm512_storeu_si512(p + I32::kLanes, _mm512_permutex2var_epi32(a.r, high, b.r));
}

// sum + the products of both elements, as vdpbf16ps rounds it.
TENON_SIMD F32 dot(F32 sum, Bf16Pairs a, Bf16Pairs b) { return {_mm512_dpbf16_ps(sum.r, a.r, b.r)}; }

}  // namespace
}  // namespace tenon::cpu::simd
