#include "peaks/loops.hpp"

#include <immintrin.h>

namespace tenon::bench {

// Chains of dot products of four bytes, as many as hide the latency.
double dot_chains_avx512_vnni(int rounds, float* sink) {
  constexpr int kChains = 12;
  __m512i sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_epi32(i);
  const __m512i bytes = _mm512_set1_epi32(static_cast<int>(*sink) + 0x01020304);
  for (int r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], bytes, bytes);
  }
  __m512i sum = sums[0];
  for (int i = 1; i < kChains; ++i) sum = _mm512_add_epi32(sum, sums[i]);
  int lanes[64 / sizeof(int)];
  _mm512_storeu_si512(lanes, sum);
  *sink = static_cast<float>(lanes[0]) * 0.0F;
  return 2.0 * 64 * kChains * rounds;
}

}  // namespace tenon::bench
