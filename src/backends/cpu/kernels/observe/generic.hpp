// observe.hpp over the vector type of simd/: bins are computed by vectors, a block at a time, and counted one
// by one. Half of what follows a ReLU is zero: where a level can, it leaves bin 0 out and counts it by the
// number of those that are left. A level says how before it includes this file:
//
//   int keep_counted(I32 bins, std::int32_t* to)    stores the bins, or those that are not 0 (it may write
//   kLanes
//                                                   elements); how many
#pragma once

#include "backends/cpu/kernels/observe/observe.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <algorithm>
#include <limits>

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

TENON_SIMD simd::I32 observed_bin(simd::F32 x, simd::F32 inverse_width) {
  using V = simd::F32;
  const V last = V::set1(static_cast<float>(kObserveBins - 1));
  const simd::I32 bin = to_int(floor(min(abs(x) * inverse_width, last)));  // a NaN counts in the last bin
  return bin + select(x < V::zero(), simd::I32::set1(kObserveBins), simd::I32::zero());
}

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

Observation observe_range(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  if (args.tables == nullptr) return observe_extremes(args.src + begin, end - begin);
  constexpr int kBlock = 256;  // a multiple of every kLanes
  constexpr int kUnrolled = 4;
  const V inverse_width = V::set1(args.inverse_width);
  ObservedLanes lanes;
  alignas(64) std::int32_t bins[kBlock + V::kLanes];
  std::uint32_t* const table0 = args.tables;
  std::uint32_t* const table1 = table0 + args.stride;
  std::uint32_t* const table2 = table1 + args.stride;
  std::uint32_t* const table3 = table2 + args.stride;
  static_assert(kObserveTables == 4);
  std::ptrdiff_t i = begin;
  for (; i + kBlock <= end; i += kBlock) {
    int kept = 0;
    for (int e = 0; e < kBlock; e += kUnrolled * V::kLanes) {
      unroll<kUnrolled>([&](auto v) TENON_INLINE_LAMBDA {
        const V x = V::load(args.src + i + e + v.value * V::kLanes);
        lanes.add(x);
        kept += keep_counted(observed_bin(x, inverse_width), bins + kept);
      });
    }
    table0[0] += static_cast<std::uint32_t>(kBlock - kept);
    int e = 0;
    for (; e + kObserveTables <= kept; e += kObserveTables) {
      ++table0[bins[e]];
      ++table1[bins[e + 1]];
      ++table2[bins[e + 2]];
      ++table3[bins[e + 3]];
    }
    for (; e < std::min(kept, kBlock); ++e) ++table0[bins[e]];
  }
  for (; i < end; ++i) {
    const V x = V::set1(args.src[i]);
    lanes.add(x);
    observed_bin(x, inverse_width).store(bins);
    ++table0[bins[0]];
  }
  return lanes.result();
}

}  // namespace
}  // namespace tenon::cpu
