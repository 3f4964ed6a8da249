// What calibration wants to know of a tensor: its extremes, and how often |x| falls into each of 2048 bins,
// of which negative values, those in [0, limit), and those beyond have each their own. Bins of small values
// are neighbours, whatever their sign:
//
//   bin(x)   = min(floor(|x| * inverse width), 2047)
//   place(x) = 2047 - bin(x) when x < 0, 4096 + bin(x) when x >= limit, else 2048 + bin(x)
//
// Counts and extremes are the same at every level and for every number of threads. Where a value is not
// finite, they mean nothing and only that is reported.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

inline constexpr std::ptrdiff_t kObserveBins = 2048;
inline constexpr std::ptrdiff_t kObserveTable = 3 * kObserveBins;
inline constexpr std::ptrdiff_t kObserveZero = kObserveBins;  // the place of +0

// Inverse widths of bins, finite and > 0, and where the values beyond begin.
struct ObserveScale {
  float negative = 1;
  float positive = 1;
  float beyond = 1;
  float limit = std::numeric_limits<float>::infinity();
};

struct Observation {
  float min = 0;  // of nothing: 0
  float max = 0;
  bool finite = true;
};

struct ObserveArgs {
  const float* src = nullptr;
  ObserveScale scale;
  // kObserveTable counters each, added to modulo 2^16; may be the same. Null: extremes only.
  std::uint16_t* table = nullptr;
  std::uint16_t* second_table = nullptr;
};

struct ObserveKernel {
  KernelInfo info;
  // Whether a second table pays, in which every other value counts: equal neighbours wait for each other.
  bool two_tables;
  // The elements [begin, end), not empty.
  Observation (*observe)(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
};

std::span<const ObserveKernel> observe_kernels();
const ObserveKernel* select_observe(Isa level);

// kObserveTable counts. A store is the faster the fewer cache lines stores go to, so values are counted in 16
// bits; before one of these can overflow, all move to 32 bits, which wrap. A count is the sum of both.
struct ObserveTable {
  std::uint16_t* counters = nullptr;
  std::uint32_t* moved = nullptr;
  std::uint32_t* most = nullptr;  // no counter exceeds it
};

// Memory of one worker: two tables, all zero between calls.
struct ObserveScratch {
  std::vector<std::uint16_t> counters = std::vector<std::uint16_t>(2 * kObserveTable);
  std::vector<std::uint32_t> moved = std::vector<std::uint32_t>(kObserveTable);
  std::uint32_t most = 0;
  Observation seen;
  bool used = false;
};

// Looks at the values and, where there are counters, adds their counts to the table. `scratch` has one entry
// per thread of the pool.
Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, const ObserveScale& scale,
                        const ObserveTable& table, std::span<ObserveScratch> scratch,
                        ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
