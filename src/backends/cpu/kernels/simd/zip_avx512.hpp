// Two vectors as one whose lanes take turns. For files of AVX-512.
#pragma once

#include "backends/cpu/kernels/simd/avx512.hpp"

namespace tenon::cpu::simd {
namespace {

// a[0], b[0], a[1], …: 2 * kLanes numbers.
TENON_SIMD void store_zipped(I32 a, I32 b, std::int32_t* p) {
  const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i last = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  I32{_mm512_permutex2var_epi32(a.r, first, b.r)}.store(p);
  I32{_mm512_permutex2var_epi32(a.r, last, b.r)}.store(p + I32::kLanes);
}

}  // namespace
}  // namespace tenon::cpu::simd
