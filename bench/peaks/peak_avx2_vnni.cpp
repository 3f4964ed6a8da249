#include "peaks/loops.hpp"

#include <immintrin.h>

namespace tenon::bench {

// Chains of dot products of four bytes, as many as hide the latency.
double dot_chains_avx2_vnni(int rounds, float* sink) {
  constexpr int kChains = 12;
  __m256i sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = _mm256_set1_epi32(i);
  const __m256i bytes = _mm256_set1_epi32(static_cast<int>(*sink) + 0x01020304);
  for (int r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm256_dpbusd_avx_epi32(sums[i], bytes, bytes);
  }
  __m256i sum = sums[0];
  for (int i = 1; i < kChains; ++i) sum = _mm256_add_epi32(sum, sums[i]);
  int lanes[32 / sizeof(int)];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), sum);
  *sink = static_cast<float>(lanes[0]) * 0.0F;
  return 2.0 * 32 * kChains * rounds;
}

}  // namespace tenon::bench
