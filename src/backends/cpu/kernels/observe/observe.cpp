#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

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
// Counters that are looked at together: a cache line.
constexpr std::ptrdiff_t kObserveLine = 16;

Observation unite(const Observation& a, const Observation& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.finite && b.finite};
}

// Adds the counters to the table and zeroes them. Most are 0: they are passed over, a cache line at a time.
void drain(std::uint32_t* counters, std::uint32_t* table) {
  for (std::ptrdiff_t i = 0; i < kObserveTable; i += kObserveLine) {
    std::uint32_t any = 0;
    for (int k = 0; k < kObserveLine; ++k) any |= counters[i + k];
    if (any == 0) continue;
    for (int k = 0; k < kObserveLine; ++k) table[i + k] += counters[i + k];
    for (int k = 0; k < kObserveLine; ++k) counters[i + k] = 0;
  }
}

}  // namespace

std::span<const ObserveKernel> observe_kernels() { return kObserveKernels; }

const ObserveKernel* select_observe(Isa level) { return best_kernel(observe_kernels(), level); }

Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, const ObserveScale& scale,
                        std::uint32_t* table, std::span<ObserveScratch> scratch, ThreadPool& pool) noexcept {
  const bool alone = pool.size() == 1 || values.size() < 2 * kTaskElements;
  const bool two = kernel.two_tables && values.size() >= kOneTable;
  const auto look = [&](std::size_t begin, std::size_t end, int worker) {
    ObserveScratch& mine = scratch[static_cast<std::size_t>(worker)];
    ObserveArgs args{values.data(), scale, table, table};
    if (table != nullptr) {
      std::uint32_t* own = mine.tables.data();
      if (worker != 0) args.table = own;
      args.second_table = two ? own + kObserveTable : args.table;
      mine.filled = two ? 2 : worker != 0 ? 1 : 0;
    }
    const Observation seen =
        kernel.observe(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
    mine.seen = mine.used ? unite(mine.seen, seen) : seen;
    mine.used = true;
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
    for (std::uint32_t* own = mine.tables.data(); mine.filled > 0; --mine.filled, own += kObserveTable)
      drain(own, table);
  }
  return all;
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_observe(cpu::KernelRegistry& registry);
void register_cpu_kernel_observe(cpu::KernelRegistry& registry) { registry.add(cpu::observe_kernels()); }

}  // namespace tenon
