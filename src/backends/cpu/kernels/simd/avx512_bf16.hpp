// The contract of simd/portable.hpp on AVX-512-BF16, and what it adds: pairs of bfloat16 in each lane of an
// F32.
#pragma once

#include "backends/cpu/kernels/simd/zip_avx512.hpp"

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

// sum + the products of both elements, as vdpbf16ps rounds it.
TENON_SIMD F32 dot(F32 sum, Bf16Pairs a, Bf16Pairs b) { return {_mm512_dpbf16_ps(sum.r, a.r, b.r)}; }

}  // namespace
}  // namespace tenon::cpu::simd
