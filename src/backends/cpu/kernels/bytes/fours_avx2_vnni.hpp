// Products of bytes, four at a time. For files of AVX2 with VNNI.
#pragma once

#include "backends/cpu/kernels/bytes/avx2.hpp"

namespace tenon::cpu::simd {
namespace {

// sum + a[0] * b[0] + … + a[3] * b[3] of unsigned bytes and signed ones.
TENON_SIMD I32 add_fours(I32 sum, I32 a, I32 b) { return {_mm256_dpbusd_avx_epi32(sum.r, a.r, b.r)}; }

// As in fours_avx512_vnni.hpp, but left to the compiler.
TENON_SIMD I32 add_fours_in_place(I32 sum, I32 a, I32 b) { return add_fours(sum, a, b); }

}  // namespace
}  // namespace tenon::cpu::simd
