// observe.hpp over the vector type of simd/: bins are computed by vectors, a block at a time, and counted one
// by one, which is bound by the stores. In some tensors most values are zero: a level that can compact
// vectors leaves bin 0 out where it is frequent, and counts it by the number of those that are left.
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

// How a level treats bin 0. This one does not tell it apart.
struct KeepAllBins {
  static constexpr bool kCompacts = false;
  static int zeros(simd::I32) { return 0; }  // how many of the bins are 0
  static int compact(simd::I32, std::int32_t*) {
    return 0;
  }  // stores the others (kLanes may be written); how many
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

// A block whose bins are stored without bin 0, and counted.
template <class Bins>
int count_compacted(const float* src, const ScaleLanes& scale, ObservedLanes& lanes, std::uint32_t* table0,
                    std::uint32_t* table1) {
  using V = simd::F32;
  alignas(64) std::int32_t bins[kObserveBlock + V::kLanes];
  int kept = 0;
  for (int e = 0; e < kObserveBlock; e += V::kLanes) {
    const V x = V::load(src + e);
    lanes.add(x);
    kept += Bins::compact(scale.bin(x), bins + kept);
  }
  table0[0] += static_cast<std::uint32_t>(kObserveBlock - kept);
  int e = 0;
  for (; e + 8 <= kept; e += 8) count_bins<8>(bins + e, table0, table1);
  for (; e < std::min(kept, kObserveBlock); ++e) ++table0[bins[e]];
  return kObserveBlock - kept;
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
  // The bins of a block are computed while those of the block before are counted: vectors have nothing to do
  // with the stores that bound counting.
  alignas(64) std::int32_t buffers[2][kObserveBlock];
  std::int32_t* bins = buffers[0];
  std::int32_t* waiting = buffers[1];
  bool any_waiting = false;
  int zeros = 0;
  const auto bins_of = [&](const float* src, int at) TENON_INLINE_LAMBDA {
    const V x = V::load(src + at);
    lanes.add(x);
    const simd::I32 bin = scale.bin(x);
    bin.store(bins + at);
    zeros += Bins::zeros(bin);
  };
  const auto count_waiting = [&] {
    if (!any_waiting) return;
    for (int e = 0; e < kObserveBlock; e += V::kLanes) count_bins<V::kLanes>(waiting + e, table0, table1);
    any_waiting = false;
  };
  std::ptrdiff_t i = begin;
  for (; i + kObserveBlock <= end; i += kObserveBlock) {
    const float* const src = args.src + i;
    if (Bins::kCompacts && zeros > kObserveBlock / 8) {
      count_waiting();
      zeros = count_compacted<Bins>(src, scale, lanes, table0, table1);
      continue;
    }
    zeros = 0;
    if (any_waiting) {
      for (int e = 0; e < kObserveBlock; e += V::kLanes) {
        bins_of(src, e);
        count_bins<V::kLanes>(waiting + e, table0, table1);
      }
    } else {
      for (int e = 0; e < kObserveBlock; e += V::kLanes) bins_of(src, e);
    }
    any_waiting = true;
    std::swap(bins, waiting);
  }
  count_waiting();
  for (; i + V::kLanes <= end; i += V::kLanes) {
    bins_of(args.src + i, 0);
    count_bins<V::kLanes>(bins, table0, table1);
  }
  for (; i < end; ++i) {
    const V x = V::set1(args.src[i]);
    lanes.add(x);
    scale.bin(x).store(bins);
    ++table0[bins[0]];
  }
  return lanes.result();
}

// Most counters are 0: they are passed over, a cache line at a time.
void observe_drain_table(std::uint32_t* counters, std::uint64_t* bins) noexcept {
  constexpr int kLine = 16;
  for (std::ptrdiff_t i = 0; i < kObserveBins; i += kLine) {
    std::uint32_t any = 0;
    for (int k = 0; k < kLine; ++k) any |= counters[i + k];
    if (any == 0) continue;
    for (int k = 0; k < kLine; ++k) bins[i + k] += counters[i + k];
    for (int k = 0; k < kLine; ++k) counters[i + k] = 0;
  }
}

}  // namespace
}  // namespace tenon::cpu
