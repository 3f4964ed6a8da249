#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tenon::cpu {

#define TENON_OBSERVE_KERNEL(isa, name, two_tables) \
  Observation name(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL

namespace {

constexpr ObserveKernel kObserveKernels[] = {
#define TENON_OBSERVE_KERNEL(isa, name, two_tables) {{"observe", #name, Isa::isa}, two_tables, name},
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL
};

// A task that looks at fewer elements is not worth waking a thread for.
constexpr std::size_t kTaskElements = 16384;
// Fewer elements than this are counted faster than a table is added up.
constexpr std::size_t kOneTable = 16384;
// Counters that are looked at together.
constexpr std::ptrdiff_t kObserveLine = 32;
// Counters are emptied once one of them exceeds it: there is room for as many values then.
constexpr std::uint32_t kFullCounter = 0x7FFF;
constexpr std::uint32_t kMostCounted = 0xFFFF;

Observation unite(const Observation& a, const Observation& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.finite && b.finite};
}

// The bits that any of `n` counters has, a multiple of kObserveLine: the largest counter is at most the
// number that they make, and at least half of it.
std::uint16_t bits_of(const std::uint16_t* from, std::ptrdiff_t n) {
  using Counters [[gnu::vector_size(16)]] = std::uint16_t;
  const auto load = [](const std::uint16_t* at) {
    Counters counters;
    std::memcpy(&counters, at, sizeof(counters));
    return counters;
  };
  Counters even = {};
  Counters odd = {};
  for (std::ptrdiff_t i = 0; i < n; i += kObserveLine) {
    even |= load(from + i) | load(from + i + 16);
    odd |= load(from + i + 8) | load(from + i + 24);
  }
  even |= odd;
  std::uint16_t all = 0;
  for (int k = 0; k < 8; ++k) all = static_cast<std::uint16_t>(all | even[k]);
  return all;
}

// Adds the counters to the table and zeroes them. Most are 0: they are passed over, a line at a time.
template <class To>
void drain(std::uint16_t* counters, To* table) {
  for (std::ptrdiff_t i = 0; i < kObserveTable; i += kObserveLine) {
    if (bits_of(counters + i, kObserveLine) == 0) continue;
    for (int k = 0; k < kObserveLine; ++k) table[i + k] = static_cast<To>(table[i + k] + counters[i + k]);
    for (int k = 0; k < kObserveLine; ++k) counters[i + k] = 0;
  }
}

// How many values may be counted before a counter can overflow.
std::size_t room_in(const ObserveTable& table) {
  if (*table.most > kFullCounter) *table.most = bits_of(table.counters, kObserveTable);
  if (*table.most > kFullCounter) {
    drain(table.counters, table.moved);
    *table.most = 0;
  }
  return kMostCounted - *table.most;
}

}  // namespace

std::span<const ObserveKernel> observe_kernels() { return kObserveKernels; }

const ObserveKernel* select_observe(Isa level) { return best_kernel(observe_kernels(), level); }

Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, const ObserveScale& scale,
                        const ObserveTable& table, std::span<ObserveScratch> scratch,
                        ThreadPool& pool) noexcept {
  const bool alone = pool.size() == 1 || values.size() < 2 * kTaskElements;
  const bool counts = table.counters != nullptr;
  const bool two = counts && kernel.two_tables && values.size() >= kOneTable;
  const auto look = [&](std::size_t begin, std::size_t end, int worker) {
    ObserveScratch& mine = scratch[static_cast<std::size_t>(worker)];
    const ObserveTable own =
        worker == 0 || !counts ? table : ObserveTable{mine.counters.data(), mine.moved.data(), &mine.most};
    std::uint16_t* const second = two ? mine.counters.data() + kObserveTable : own.counters;
    while (begin < end) {
      const std::size_t n = counts ? std::min(end - begin, room_in(own)) : end - begin;
      const Observation seen =
          kernel.observe({values.data(), scale, own.counters, second}, static_cast<std::ptrdiff_t>(begin),
                         static_cast<std::ptrdiff_t>(begin + n));
      mine.seen = mine.used ? unite(mine.seen, seen) : seen;
      mine.used = true;
      if (two) drain(second, own.counters);
      if (counts) *own.most += static_cast<std::uint32_t>(n);
      begin += n;
    }
  };
  if (alone && !values.empty()) {
    look(0, values.size(), 0);
  } else {
    pool.run_ranges(values.size(), kTaskElements, look);
  }
  Observation all;
  bool any = false;
  for (ObserveScratch& mine : scratch) {
    if (!mine.used) continue;
    all = any ? unite(all, mine.seen) : mine.seen;
    any = true;
    mine.used = false;
    if (mine.most == 0) continue;
    drain(mine.counters.data(), table.moved);
    for (std::ptrdiff_t i = 0; i < kObserveTable; ++i)
      table.moved[i] += std::exchange(mine.moved[static_cast<std::size_t>(i)], 0U);
    mine.most = 0;
  }
  return all;
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_observe(cpu::KernelRegistry& registry);
void register_cpu_kernel_observe(cpu::KernelRegistry& registry) { registry.add(cpu::observe_kernels()); }

}  // namespace tenon
