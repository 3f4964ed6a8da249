// observe.hpp over the vector type of simd/: bins are computed by vectors, a block at a time, and counted one
// by one, which is bound by the stores; those to one bin wait for each other. In some tensors most values
// are zero, or like the one before: a level that can compact vectors counts such values by the vector.
#pragma once

#include "backends/cpu/kernels/observe/observe.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tenon::cpu {
namespace {

// Extremes so far, of each lane.
struct ObservedLanes {
  simd::F32 min = simd::F32::set1(std::numeric_limits<float>::infinity());
  simd::F32 max = simd::F32::set1(-std::numeric_limits<float>::infinity());
  simd::F32 finite = simd::F32::zero();  // NaN once a value was not finite

  TENON_SIMD void add(simd::F32 x) {
    min = simd::min(min, x);
    max = simd::max(max, x);
    finite = fma(x, simd::F32::zero(), finite);
  }

  Observation result() const {
    using V = simd::F32;
    float least[V::kLanes];
    float most[V::kLanes];
    min.store(least);
    max.store(most);
    Observation seen;
    seen.finite = !any(finite != simd::F32::zero());
    for (int lane = 1; lane < V::kLanes; ++lane) {
      least[0] = least[lane] < least[0] ? least[lane] : least[0];
      most[0] = most[lane] > most[0] ? most[lane] : most[0];
    }
    seen.min = least[0];
    seen.max = most[0];
    return seen;
  }
};

// ObserveScale in vectors.
struct ScaleLanes {
  simd::F32 negative;
  simd::F32 positive;
  simd::F32 beyond;
  simd::F32 limit;

  explicit ScaleLanes(const ObserveScale& scale)
      : negative(simd::F32::set1(scale.negative)),
        positive(simd::F32::set1(scale.positive)),
        beyond(simd::F32::set1(scale.beyond)),
        limit(simd::F32::set1(scale.limit)) {}

  TENON_SIMD simd::I32 bin(simd::F32 x) const {
    using V = simd::F32;
    using I = simd::I32;
    const simd::Mask below = x < V::zero();
    const simd::Mask above = x >= limit;
    const V inverse = select(above, beyond, select(below, negative, positive));
    const I part = select(above, I::set1(2 * kObserveBins), select(below, I::set1(kObserveBins), I::zero()));
    const V last = V::set1(static_cast<float>(kObserveBins - 1));
    return to_int(floor(min(abs(x) * inverse, last))) + part;  // a NaN counts in the last bin
  }
};

// How a level treats bins that are frequent in some tensors: 0, and that of the value before. This one does
// not tell them apart.
struct KeepAllBins {
  static constexpr bool kCompacts = false;
  // How many of the bins are frequent.
  int frequent(simd::I32 /*bins*/) { return 0; }
  // Counts those in the table, and stores the others (kLanes may be written); how many they are.
  int count(simd::I32 /*bins*/, std::uint32_t* /*table*/, std::int32_t* /*others*/) { return 0; }
  // Counts what it kept back.
  void finish(std::uint32_t* /*table*/) {}
};

Observation observe_extremes(const float* src, std::ptrdiff_t n) {
  using V = simd::F32;
  constexpr int kVectors = 4;
  ObservedLanes lanes[kVectors];
  std::ptrdiff_t i = 0;
  for (; i + kVectors * V::kLanes <= n; i += kVectors * V::kLanes) {
    unroll<kVectors>([&](auto v)
                         TENON_INLINE_LAMBDA { lanes[v.value].add(V::load(src + i + v.value * V::kLanes)); });
  }
  for (; i + V::kLanes <= n; i += V::kLanes) lanes[0].add(V::load(src + i));
  for (; i < n; ++i) lanes[0].add(V::set1(src[i]));
  for (int v = 1; v < kVectors; ++v) {
    lanes[0].min = min(lanes[0].min, lanes[v].min);
    lanes[0].max = max(lanes[0].max, lanes[v].max);
    lanes[0].finite = lanes[0].finite + lanes[v].finite;
  }
  return lanes[0].result();
}

// Values in one block: a multiple of every kLanes.
constexpr int kObserveBlock = 256;

// Counts N bins, an even number, in two tables in turn.
template <int N>
TENON_SIMD void count_bins(const std::int32_t* bins, std::uint32_t* table0, std::uint32_t* table1) {
  unroll<N / 2>([&](auto pair) TENON_INLINE_LAMBDA {
    ++table0[bins[2 * pair.value]];
    ++table1[bins[2 * pair.value + 1]];
  });
}

// Bins of one block that are still to be counted.
struct WaitingBins {
  // A vector that is compacted writes beyond what is left of it.
  alignas(64) std::int32_t bins[kObserveBlock + simd::F32::kLanes];
  int n = 0;
};

// Finds the bins of a block, and counts those of the block before at the same time: vectors have nothing to
// do with the stores that bound counting. How many values were in frequent bins.
template <bool kCompact, class Bins>
TENON_SIMD int observe_block(const float* src, const ScaleLanes& scale, ObservedLanes& lanes, Bins& level,
                             WaitingBins& before, WaitingBins& now, std::uint32_t* table0,
                             std::uint32_t* table1) {
  using V = simd::F32;
  int frequent = 0;
  now.n = 0;
  for (int e = 0; e < kObserveBlock; e += V::kLanes) {
    const V x = V::load(src + e);
    lanes.add(x);
    const simd::I32 bin = scale.bin(x);
    if (kCompact) {
      now.n += level.count(bin, table0, now.bins + now.n);
    } else {
      bin.store(now.bins + e);
      frequent += level.frequent(bin);
    }
    if (e + V::kLanes <= before.n) count_bins<V::kLanes>(before.bins + e, table0, table1);
  }
  for (int e = before.n / V::kLanes * V::kLanes; e < before.n; ++e) ++table0[before.bins[e]];
  if (kCompact) return kObserveBlock - now.n;
  now.n = kObserveBlock;
  return frequent;
}

template <class Bins>
Observation observe_range(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  if (args.tables == nullptr) return observe_extremes(args.src + begin, end - begin);
  const ScaleLanes scale(args.scale);
  ObservedLanes lanes;
  std::uint32_t* const table0 = args.tables;
  std::uint32_t* const table1 = table0 + args.stride;
  static_assert(kObserveTables == 2);
  WaitingBins buffers[2];
  WaitingBins* now = &buffers[0];
  WaitingBins* before = &buffers[1];
  Bins level;
  int frequent = 0;
  std::ptrdiff_t i = begin;
  for (; i + kObserveBlock <= end; i += kObserveBlock) {
    frequent = Bins::kCompacts && frequent > kObserveBlock / 8
                   ? observe_block<true>(args.src + i, scale, lanes, level, *before, *now, table0, table1)
                   : observe_block<false>(args.src + i, scale, lanes, level, *before, *now, table0, table1);
    std::swap(before, now);
  }
  for (int e = 0; e < before->n; ++e) ++table0[before->bins[e]];
  for (; i + V::kLanes <= end; i += V::kLanes) {
    const V x = V::load(args.src + i);
    lanes.add(x);
    scale.bin(x).store(now->bins);
    count_bins<V::kLanes>(now->bins, table0, table1);
  }
  for (; i < end; ++i) {
    const V x = V::set1(args.src[i]);
    lanes.add(x);
    scale.bin(x).store(now->bins);
    ++table0[now->bins[0]];
  }
  level.finish(table0);
  return lanes.result();
}

// Most counters are 0: they are passed over, a cache line at a time.
void observe_drain_table(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept {
  for (std::ptrdiff_t i = 0; i < n; i += kObserveLine) {
    std::uint32_t any = 0;
    for (int k = 0; k < kObserveLine; ++k) any |= counters[i + k];
    if (any == 0) continue;
    for (int k = 0; k < kObserveLine; ++k) bins[i + k] += counters[i + k];
    for (int k = 0; k < kObserveLine; ++k) counters[i + k] = 0;
  }
}

}  // namespace
}  // namespace tenon::cpu
