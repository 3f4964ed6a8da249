#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_OBSERVE_KERNEL(isa, name, drain)                                             \
  Observation name(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept; \
  void drain(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept;
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL

namespace {

constexpr ObserveKernel kObserveKernels[] = {
#define TENON_OBSERVE_KERNEL(isa, name, drain) {{"observe", #name, Isa::isa}, name, drain},
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL
};

// A task that looks at fewer elements is not worth waking a thread for.
constexpr std::size_t kTaskElements = 16384;
// Fewer elements than this are counted faster than two tables are added up.
constexpr std::size_t kOneTable = 16384;

Observation unite(const Observation& a, const Observation& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.finite && b.finite};
}

// How many counters, from the first, may hold counts of 0 … most.
std::ptrdiff_t reach_of(float most, float inverse) {
  const float bin = std::min(most * inverse, static_cast<float>(kObserveBins - 1));
  return (static_cast<std::ptrdiff_t>(bin) / kObserveLine + 1) * kObserveLine;
}

void note_reach(ObserveScratch& mine, const Observation& seen, const ObserveScale& scale) {
  std::array<std::ptrdiff_t, 3> reach = {kObserveBins, kObserveBins, kObserveBins};
  if (seen.finite) {
    reach[0] = seen.max >= 0 ? reach_of(std::min(seen.max, scale.limit), scale.positive) : 0;
    reach[1] = seen.min < 0 ? reach_of(-seen.min, scale.negative) : 0;
    reach[2] = seen.max >= scale.limit ? reach_of(seen.max, scale.beyond) : 0;
  }
  for (std::size_t i = 0; i < reach.size(); ++i) mine.reach[i] = std::max(mine.reach[i], reach[i]);
}

}  // namespace

std::span<const ObserveKernel> observe_kernels() { return kObserveKernels; }

const ObserveKernel* select_observe(Isa level) { return best_kernel(observe_kernels(), level); }

Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, const ObserveScale& scale,
                        bool count, std::span<ObserveScratch> scratch, ThreadPool& pool) noexcept {
  const bool one = values.size() < kOneTable;
  pool.run_ranges(values.size(), kTaskElements, [&](std::size_t begin, std::size_t end, int worker) {
    ObserveScratch& mine = scratch[static_cast<std::size_t>(worker)];
    const ObserveArgs args{values.data(), scale, count ? mine.tables.data() : nullptr,
                           one ? 0 : kObserveTable};
    if (count) mine.filled = std::max<std::ptrdiff_t>(mine.filled, one ? 1 : kObserveTables);
    const Observation seen =
        kernel.observe(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
    if (count) note_reach(mine, seen, scale);
    mine.seen = mine.used ? unite(mine.seen, seen) : seen;
    mine.used = true;
  });
  Observation all;
  bool any = false;
  for (ObserveScratch& mine : scratch) {
    if (!mine.used) continue;
    all = any ? unite(all, mine.seen) : mine.seen;
    any = true;
    mine.used = false;
  }
  return all;
}

void observe_drain(const ObserveKernel& kernel, std::span<ObserveScratch> scratch,
                   std::span<std::uint64_t> positive, std::span<std::uint64_t> negative,
                   std::span<std::uint64_t> beyond) noexcept {
  for (ObserveScratch& mine : scratch) {
    std::uint32_t* table = mine.tables.data();
    for (; mine.filled > 0; --mine.filled) {
      kernel.drain(table, positive.data(), mine.reach[0]);
      kernel.drain(table + kObserveBins, negative.data(), mine.reach[1]);
      if (!beyond.empty()) kernel.drain(table + 2 * kObserveBins, beyond.data(), mine.reach[2]);
      table += kObserveTable;
    }
    mine.reach = {};
  }
}

void observe_drop(std::span<ObserveScratch> scratch) noexcept {
  for (ObserveScratch& mine : scratch) {
    std::fill_n(mine.tables.begin(), mine.filled * kObserveTable, 0U);
    mine.filled = 0;
    mine.reach = {};
  }
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_observe(cpu::KernelRegistry& registry);
void register_cpu_kernel_observe(cpu::KernelRegistry& registry) { registry.add(cpu::observe_kernels()); }

}  // namespace tenon
