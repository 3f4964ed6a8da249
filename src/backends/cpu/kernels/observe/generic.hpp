// observe.hpp over the vector type of simd/: bins are computed by vectors, a block at a time, and counted one
// by one, which is bound by the stores; those to one bin wait for each other. In some tensors most values are
// like the one before, zeros above all: a level that can compact vectors counts such runs by one store.
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

// Bins of a block: a multiple of every kLanes.
constexpr int kObserveBlock = 256;
// From how many values of a block on that are like the one before the next block is counted by runs.
constexpr int kObserveRepeats = kObserveBlock / 8;

// Where a run begins, above its bin.
constexpr int kRunShift = 16;
static_assert(kObserveTable <= 1 << kRunShift);

// What a block leaves to be counted: its bins, or its runs.
struct WaitingBins {
  // A vector that is compacted writes beyond what is left of it.
  alignas(64) std::int32_t words[kObserveBlock + simd::F32::kLanes];
  int n = 0;
  bool runs = false;
};

// How a level finds runs: this one does not.
struct NoRuns {
  static constexpr bool kFinds = false;
  // How many of the bins, which follow those of the call before, are like the one before.
  int repeats(simd::I32 /*bins*/) { return 0; }
  // Stores the runs that begin in these bins, of places from `at` on (kLanes words may be written); how many.
  int begins(simd::I32 /*bins*/, int /*at*/, std::int32_t* /*words*/) { return 0; }
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

// Counts N bins, an even number, in two tables in turn.
template <int N>
TENON_SIMD void count_bins(const std::int32_t* bins, std::uint32_t* table0, std::uint32_t* table1) {
  unroll<N / 2>([&](auto pair) TENON_INLINE_LAMBDA {
    ++table0[bins[2 * pair.value]];
    ++table1[bins[2 * pair.value + 1]];
  });
}

TENON_SIMD void count_waiting(const WaitingBins& waiting, std::uint32_t* table0, std::uint32_t* table1) {
  if (!waiting.runs) {
    for (int i = 0; i < waiting.n; i += simd::F32::kLanes)
      count_bins<simd::F32::kLanes>(waiting.words + i, table0, table1);
    return;
  }
  constexpr int kBin = (1 << kRunShift) - 1;
  constexpr int kRuns = 4;  // what stands behind the last run has no length
  int at = 0;
  for (int i = 0; i < waiting.n; i += kRuns) {
    unroll<kRuns>([&](auto run) TENON_INLINE_LAMBDA {
      const std::int32_t* const word = waiting.words + i + run.value;
      const int next = word[1] >> kRunShift;
      table0[word[0] & kBin] += static_cast<std::uint32_t>(next - at);
      at = next;
    });
  }
}

// Finds the runs of a block. How many values are like the one before.
template <class Runs>
TENON_SIMD int find_runs(const float* src, const ScaleLanes& scale, ObservedLanes& lanes, WaitingBins& now) {
  using V = simd::F32;
  Runs runs;
  now.n = 0;
  now.runs = true;
  for (int e = 0; e < kObserveBlock; e += V::kLanes) {
    const V x = V::load(src + e);
    lanes.add(x);
    now.n += runs.begins(scale.bin(x), e, now.words + now.n);
  }
  simd::I32::set1(kObserveBlock << kRunShift).store(now.words + now.n);
  return kObserveBlock - now.n;
}

// Finds the bins of a block, and counts those of the block before at the same time: vectors have nothing to
// do with the stores that bound counting. How many values are like the one before.
template <class Runs, bool kBefore>
TENON_SIMD int find_bins(const float* src, const ScaleLanes& scale, ObservedLanes& lanes,
                         const WaitingBins& before, WaitingBins& now, std::uint32_t* table0,
                         std::uint32_t* table1) {
  using V = simd::F32;
  Runs runs;
  int repeats = 0;
  for (int e = 0; e < kObserveBlock; e += V::kLanes) {
    const V x = V::load(src + e);
    lanes.add(x);
    const simd::I32 bin = scale.bin(x);
    bin.store(now.words + e);
    repeats += runs.repeats(bin);
    if (kBefore) count_bins<V::kLanes>(before.words + e, table0, table1);
  }
  now.n = kObserveBlock;
  now.runs = false;
  return repeats;
}

template <class Runs>
Observation observe_range(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  if (args.table == nullptr) return observe_extremes(args.src + begin, end - begin);
  const ScaleLanes scale(args.scale);
  ObservedLanes lanes;
  std::uint32_t* const table0 = args.table;
  std::uint32_t* const table1 = args.second_table;
  WaitingBins buffers[2];
  WaitingBins* now = &buffers[0];
  WaitingBins* before = &buffers[1];
  int repeats = 0;
  std::ptrdiff_t i = begin;
  for (; i + kObserveBlock <= end; i += kObserveBlock) {
    const float* const src = args.src + i;
    if (Runs::kFinds && repeats > kObserveRepeats) {
      repeats = find_runs<Runs>(src, scale, lanes, *now);
      count_waiting(*before, table0, table1);
    } else if (before->runs || before->n == 0) {
      repeats = find_bins<Runs, false>(src, scale, lanes, *before, *now, table0, table1);
      count_waiting(*before, table0, table1);
    } else {
      repeats = find_bins<Runs, true>(src, scale, lanes, *before, *now, table0, table1);
    }
    std::swap(now, before);
  }
  count_waiting(*before, table0, table1);
  for (; i + V::kLanes <= end; i += V::kLanes) {
    const V x = V::load(args.src + i);
    lanes.add(x);
    scale.bin(x).store(now->words);
    count_bins<V::kLanes>(now->words, table0, table1);
  }
  for (; i < end; ++i) {
    const V x = V::set1(args.src[i]);
    lanes.add(x);
    scale.bin(x).store(now->words);
    ++table0[now->words[0]];
  }
  return lanes.result();
}

}  // namespace
}  // namespace tenon::cpu
