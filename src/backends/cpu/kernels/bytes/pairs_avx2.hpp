// Products of bytes as 16-bit integers, in pairs. For files of AVX2.
#pragma once

#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/simd/zip_avx2.hpp"

namespace tenon::cpu::simd {
namespace {

// The bytes of each lane at even and at odd places as 16-bit integers.
TENON_SIMD I32 even_unsigned(I32 bytes) { return {_mm256_and_si256(bytes.r, _mm256_set1_epi16(0xff))}; }
TENON_SIMD I32 odd_unsigned(I32 bytes) { return {_mm256_srli_epi16(bytes.r, 8)}; }
TENON_SIMD I32 even_signed(I32 bytes) { return {_mm256_srai_epi16(_mm256_slli_epi16(bytes.r, 8), 8)}; }
TENON_SIMD I32 odd_signed(I32 bytes) { return {_mm256_srai_epi16(bytes.r, 8)}; }

// sum + a[0] * b[0] + a[1] * b[1] of 16-bit integers.
TENON_SIMD I32 add_pairs(I32 sum, I32 a, I32 b) {
  return {_mm256_add_epi32(sum.r, _mm256_madd_epi16(a.r, b.r))};
}
TENON_SIMD I32 times(I32 a, I32 b) { return {_mm256_mullo_epi32(a.r, b.r)}; }

}  // namespace
}  // namespace tenon::cpu::simd
