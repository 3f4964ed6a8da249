// Two vectors as one whose lanes take turns. For files of AVX2.
#pragma once

#include "backends/cpu/kernels/simd/avx2.hpp"

namespace tenon::cpu::simd {
namespace {

// a[0], b[0], a[1], …: 2 * kLanes numbers.
TENON_SIMD void store_zipped(I32 a, I32 b, std::int32_t* p) {
  const __m256i low = _mm256_unpacklo_epi32(a.r, b.r), high = _mm256_unpackhi_epi32(a.r, b.r);
  I32{_mm256_permute2x128_si256(low, high, 0x20)}.store(p);
  I32{_mm256_permute2x128_si256(low, high, 0x31)}.store(p + I32::kLanes);
}

}  // namespace
}  // namespace tenon::cpu::simd
