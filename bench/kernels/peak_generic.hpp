// Independent chains of fma over a vector type of simd/, as many as hide its latency.
#pragma once

#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::bench {
namespace {

// Returns the operations done. `sink` keeps the result alive.
template <class V>
double fma_chains(int rounds, float* sink) {
  constexpr int kChains = 12;
  V acc[kChains];
  cpu::unroll<kChains>([&](auto i)
                           TENON_INLINE_LAMBDA { acc[i.value] = V::set1(static_cast<float>(i.value)); });
  const V scale = V::set1(0.5F + *sink);
  const V shift = V::set1(1.0F + *sink);
  for (int r = 0; r < rounds; ++r) {
    cpu::unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA { acc[i.value] = fma(acc[i.value], scale, shift); });
  }
  V sum = acc[0];
  cpu::unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA { sum = sum + acc[i.value]; });
  *sink = reduce_add(sum) * 0.0F;
  return 2.0 * kChains * V::kLanes * rounds;
}

}  // namespace
}  // namespace tenon::bench
