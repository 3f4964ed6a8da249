// The contract of simd/portable.hpp on AVX-512-BF16, and what it adds: pairs of bfloat16 in each lane of an
// F32, and rounding by single instructions, which take subnormal numbers for zero.
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

// sum + the products of both elements, as vdpbf16ps rounds it. The compiler is not left to choose where the
// sum goes: in tiles that fill all registers it would move sums about, and through memory.
TENON_SIMD F32 dot(F32 sum, Bf16Pairs a, Bf16Pairs b) {
  __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum.r) : "v"(a.r), "v"(b.r));
  return sum;
}

#define TENON_SIMD_HAS_BF16_PAIRS

// 16 elements, rounded to bfloat16; 32, those of b behind those of a.
TENON_SIMD void store_rounded(void* p, F32 a) {
  _mm256_storeu_si256(static_cast<__m256i*>(p),
                      __builtin_bit_cast(__m256i, _mm512_maskz_cvtneps_pbh(0xffff, a.r)));
}
TENON_SIMD void store_rounded(void* p, F32 a, F32 b) {
  _mm512_storeu_si512(p, __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(b.r, a.r)));
}

// In each lane those of a, rounded, and above it of b.
TENON_SIMD I32 rounded_pairs(F32 a, F32 b) {
  alignas(64) static constexpr std::uint16_t kInTurn[] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                          21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                          11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const auto both = __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(b.r, a.r));
  return {_mm512_maskz_permutexvar_epi16(0xffffffff, _mm512_load_si512(kInTurn), both)};
}

// The 32 bytes at a and behind them those at b.
TENON_SIMD void store_joined(void* p, const void* a, const void* b) {
  const auto of = [](const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); };
  _mm512_storeu_si512(p, _mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(of(a)), of(b), 1));
}

}  // namespace
}  // namespace tenon::cpu::simd
