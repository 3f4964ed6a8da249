// Products of bytes, four at a time. For files of AVX-512 with VNNI.
#pragma once

#include "backends/cpu/kernels/bytes/avx512.hpp"

namespace tenon::cpu::simd {
namespace {

// sum + a[0] * b[0] + … + a[3] * b[3] of unsigned bytes and signed ones.
TENON_SIMD I32 add_fours(I32 sum, I32 a, I32 b) { return {_mm512_dpbusd_epi32(sum.r, a.r, b.r)}; }

// The same where the sum is. Left to choose, the compiler moves sums of tiles that fill all registers about,
// and through memory.
TENON_SIMD I32 add_fours_in_place(I32 sum, I32 a, I32 b) {
  __asm__("vpdpbusd %2, %1, %0" : "+v"(sum.r) : "v"(a.r), "v"(b.r));
  return sum;
}

}  // namespace
}  // namespace tenon::cpu::simd
