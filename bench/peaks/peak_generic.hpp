// Independent chains of fma over a vector type of simd/, as many as hide its latency, and a loop of loads.
#pragma once

#include "backends/cpu/kernels/unroll.hpp"
#include "peaks/loops.hpp"

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

// Eight sums, so that no addition waits for another.
template <class V>
float read_all(const float* data, std::size_t count) {
  constexpr int kSums = 8;
  static_assert(kReadStep % (kSums * V::kLanes) == 0);
  V sums[kSums];
  cpu::unroll<kSums>([&](auto i) TENON_INLINE_LAMBDA { sums[i.value] = V::zero(); });
  for (std::size_t at = 0; at < count; at += kSums * V::kLanes) {
    cpu::unroll<kSums>([&](auto i) TENON_INLINE_LAMBDA {
      sums[i.value] = sums[i.value] + V::load(data + at + i.value * V::kLanes);
    });
  }
  V sum = sums[0];
  cpu::unroll<kSums>([&](auto i) TENON_INLINE_LAMBDA { sum = sum + sums[i.value]; });
  return reduce_add(sum);
}

}  // namespace
}  // namespace tenon::bench
