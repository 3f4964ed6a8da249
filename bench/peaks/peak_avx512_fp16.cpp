#include "peaks/loops.hpp"

#include <immintrin.h>

namespace tenon::bench {

// Chains of multiply-adds of float16, as many as hide the latency. They add zeros.
double dot_chains_avx512_fp16(int rounds, float* sink) {
  constexpr int kChains = 24;
  __m512h sums[kChains];
  for (int i = 0; i < kChains; ++i) sums[i] = _mm512_setzero_ph();
  const auto numbers = __builtin_bit_cast(__m512h, _mm512_set1_epi32(static_cast<int>(*sink)));
  for (int r = 0; r < rounds; ++r) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) sums[i] = _mm512_fmadd_ph(numbers, numbers, sums[i]);
  }
  __m512h sum = sums[0];
  for (int i = 1; i < kChains; ++i) sum = _mm512_add_ph(sum, sums[i]);
  short lanes[64 / sizeof(short)];
  _mm512_storeu_si512(lanes, __builtin_bit_cast(__m512i, sum));
  *sink = static_cast<float>(lanes[0]) * 0.0F;
  return 2.0 * 32 * kChains * rounds;
}

}  // namespace tenon::bench
