// The measured loops, one set per instruction-set level.
#pragma once

#include <cstddef>

namespace tenon::bench {

// Floats that a reader takes a step; counts are multiples of it.
inline constexpr std::size_t kReadStep = 128;

// Each returns the operations done; `sink` keeps the result alive.
double fma_chains_portable(int rounds, float* sink);
double fma_chains_avx2(int rounds, float* sink);
double fma_chains_avx512(int rounds, float* sink);
double dot_chains_avx2_vnni(int rounds, float* sink);
double dot_chains_avx512_vnni(int rounds, float* sink);
double dot_chains_avx512_bf16(int rounds, float* sink);
double dot_chains_avx512_fp16(int rounds, float* sink);
double dot_chains_amx(int rounds, float* sink);

// The sum of all values.
float read_all_portable(const float* data, std::size_t count);
float read_all_avx2(const float* data, std::size_t count);
float read_all_avx512(const float* data, std::size_t count);

}  // namespace tenon::bench
