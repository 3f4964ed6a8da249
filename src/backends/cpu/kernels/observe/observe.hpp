// What calibration wants to know of a tensor: its extremes, and how often |x| falls into each of 2048 bins,
// of which negative values, those in [0, limit), and those beyond have each their own:
//
//   bin(x) = min(floor(|x| * inverse width), 2047), + 2048 when x < 0, + 4096 when x >= limit
//
// Counts and extremes are the same at every level and for every number of threads. Where a value is not
// finite, they mean nothing and only that is reported.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <array>
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
// Values count in turn in up to this many tables, so that equal neighbours do not wait for each other; no
// more than fit into the first cache.
inline constexpr std::ptrdiff_t kObserveTables = 2;
// Counters that are looked at together: a cache line.
inline constexpr std::ptrdiff_t kObserveLine = 16;

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
  // kObserveTables tables of kObserveTable counters, added to; null: extremes only. At most 2^32 - 1 values
  // may count in one table.
  std::uint32_t* tables = nullptr;
  std::ptrdiff_t stride = kObserveTable;  // from table to table; 0: they are one
};

struct ObserveKernel {
  KernelInfo info;
  // The elements [begin, end), not empty.
  Observation (*observe)(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
  // Adds the first n counters to the bins and zeroes them; n is a multiple of kObserveLine.
  void (*drain)(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept;
};

std::span<const ObserveKernel> observe_kernels();
const ObserveKernel* select_observe(Isa level);

// Memory of one worker.
struct ObserveScratch {
  std::vector<std::uint32_t> tables = std::vector<std::uint32_t>(kObserveTables * kObserveTable);
  std::ptrdiff_t filled = 0;  // tables that may hold counts; the others are all zero
  // Of each part of a table how many counters, from the first, may hold counts; multiples of kObserveLine.
  std::array<std::ptrdiff_t, 3> reach = {};
  Observation seen;
  bool used = false;  // in the run that is going on
};

// Looks at up to 2^31 values. With `count` the tables of `scratch` (one entry per thread of the pool) gain
// their counts.
Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, const ObserveScale& scale,
                        bool count, std::span<ObserveScratch> scratch, ThreadPool& pool) noexcept;

// Adds what the tables of all workers hold to the bins, kObserveBins each, and zeroes the tables. `beyond`
// may be empty when only finite values without a limit were counted.
void observe_drain(const ObserveKernel& kernel, std::span<ObserveScratch> scratch,
                   std::span<std::uint64_t> positive, std::span<std::uint64_t> negative,
                   std::span<std::uint64_t> beyond) noexcept;
// Only zeroes them.
void observe_drop(std::span<ObserveScratch> scratch) noexcept;

}  // namespace tenon::cpu
