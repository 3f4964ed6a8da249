// observe.hpp over the vector type of simd/: places are computed by vectors, a block at a time, and counted
// one by one, which is bound by loads and stores; those to one bin wait for each other.
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

  TENON_SIMD simd::I32 place(simd::F32 x) const {
    using V = simd::F32;
    using I = simd::I32;
    const simd::Mask below = x < V::zero();
    const simd::Mask above = x >= limit;
    const V inverse = select(above, beyond, select(below, negative, positive));
    const V last = V::set1(static_cast<float>(kObserveBins - 1));
    const I bin = to_int(floor(min(abs(x) * inverse, last)));  // a NaN counts in the last one
    const I first = select(above, I::set1(2 * kObserveBins), I::set1(kObserveZero));
    return select(below, I::set1(kObserveZero - 1) - bin, first + bin);
  }
};

// Places of a block: a multiple of every kLanes.
constexpr int kObserveBlock = 256;

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

// Counts at N places, an even number, in two tables in turn.
template <int N>
TENON_SIMD void count_places(const std::int32_t* places, std::uint16_t* table0, std::uint16_t* table1) {
  unroll<N / 2>([&](auto pair) TENON_INLINE_LAMBDA {
    ++table0[places[2 * pair.value]];
    ++table1[places[2 * pair.value + 1]];
  });
}

// Finds the places of a block, and counts those of the block before at the same time: vectors have nothing to
// do with the stores that bound counting.
template <bool kBefore>
TENON_SIMD void find_places(const float* src, const ScaleLanes& scale, ObservedLanes& lanes,
                            const std::int32_t* before, std::int32_t* now, std::uint16_t* table0,
                            std::uint16_t* table1) {
  using V = simd::F32;
  for (int e = 0; e < kObserveBlock; e += V::kLanes) {
    const V x = V::load(src + e);
    lanes.add(x);
    scale.place(x).store(now + e);
    if (kBefore) count_places<V::kLanes>(before + e, table0, table1);
  }
}

Observation observe_range(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  if (args.table == nullptr) return observe_extremes(args.src + begin, end - begin);
  const ScaleLanes scale(args.scale);
  ObservedLanes lanes;
  std::uint16_t* const table0 = args.table;
  std::uint16_t* const table1 = args.second_table;
  alignas(64) std::int32_t buffers[2][kObserveBlock];
  std::int32_t* now = buffers[0];
  std::int32_t* before = buffers[1];
  std::ptrdiff_t i = begin;
  if (i + kObserveBlock <= end) {
    find_places<false>(args.src + i, scale, lanes, before, now, table0, table1);
    for (i += kObserveBlock; i + kObserveBlock <= end; i += kObserveBlock) {
      std::swap(now, before);
      find_places<true>(args.src + i, scale, lanes, before, now, table0, table1);
    }
    for (int e = 0; e < kObserveBlock; e += V::kLanes) count_places<V::kLanes>(now + e, table0, table1);
  }
  for (; i + V::kLanes <= end; i += V::kLanes) {
    const V x = V::load(args.src + i);
    lanes.add(x);
    scale.place(x).store(now);
    count_places<V::kLanes>(now, table0, table1);
  }
  for (; i < end; ++i) {
    const V x = V::set1(args.src[i]);
    lanes.add(x);
    scale.place(x).store(now);
    ++table0[now[0]];
  }
  return lanes.result();
}

}  // namespace
}  // namespace tenon::cpu
