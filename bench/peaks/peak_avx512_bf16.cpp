#include "peaks/loops.hpp"

#include <immintrin.h>

namespace tenon::bench {

// Chains of dot products of two bfloat16, as many as hide the latency.
double dot_chains_avx512_bf16(int rounds, float* sink) {
  constexpr int kChains = 24;
  __m512 sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  const auto pairs = __builtin_bit_cast(__m512bh, _mm512_set1_epi32(static_cast<int>(*sink) + 0x3F803F80));
  for (int r = 0; r < rounds; ++r) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], pairs, pairs);
  }
  __m512 sum = sums[0];
  for (int i = 1; i < kChains; ++i) sum = _mm512_add_ps(sum, sums[i]);
  float lanes[64 / sizeof(float)];
  _mm512_storeu_ps(lanes, sum);
  *sink = lanes[0] * 0.0F;
  return 2.0 * 32 * kChains * rounds;
}

}  // namespace tenon::bench
