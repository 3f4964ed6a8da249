#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_OBSERVE_KERNEL(isa, name) \
  Observation name(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL

namespace {

constexpr ObserveKernel kObserveKernels[] = {
#define TENON_OBSERVE_KERNEL(isa, name) {{"observe", #name, Isa::isa}, name},
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL
};

// A task that looks at fewer elements is not worth waking a thread for.
constexpr std::size_t kTaskElements = 16384;
// Fewer elements than this are counted faster than four tables are added up.
constexpr std::size_t kOneTable = 65536;

Observation unite(const Observation& a, const Observation& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.finite && b.finite};
}

// Half of one table.
void drain(std::span<std::uint32_t> counters, std::span<std::uint64_t> bins) {
  for (std::size_t i = 0; i < bins.size(); ++i) bins[i] += counters[i];
  std::fill(counters.begin(), counters.end(), 0U);
}

}  // namespace

std::span<const ObserveKernel> observe_kernels() { return kObserveKernels; }

const ObserveKernel* select_observe(Isa level) { return best_kernel(observe_kernels(), level); }

Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, float inverse_width,
                        bool count, std::span<ObserveScratch> scratch, ThreadPool& pool) noexcept {
  const bool one = values.size() < kOneTable;
  pool.run_ranges(values.size(), kTaskElements, [&](std::size_t begin, std::size_t end, int worker) {
    ObserveScratch& mine = scratch[static_cast<std::size_t>(worker)];
    const ObserveArgs args{values.data(), inverse_width, count ? mine.tables.data() : nullptr,
                           one ? 0 : kObserveTable};
    if (count) mine.filled = std::max<std::ptrdiff_t>(mine.filled, one ? 1 : kObserveTables);
    const Observation seen =
        kernel.observe(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
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

void observe_drain(std::span<ObserveScratch> scratch, std::span<std::uint64_t> positive,
                   std::span<std::uint64_t> negative) noexcept {
  constexpr auto kHalf = static_cast<std::size_t>(kObserveBins);
  for (ObserveScratch& mine : scratch) {
    std::span<std::uint32_t> tables(mine.tables);
    for (; mine.filled > 0; --mine.filled) {
      drain(tables.first(kHalf), positive);
      drain(tables.subspan(kHalf, kHalf), negative);
      tables = tables.subspan(2 * kHalf);
    }
  }
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_observe(cpu::KernelRegistry& registry);
void register_cpu_kernel_observe(cpu::KernelRegistry& registry) { registry.add(cpu::observe_kernels()); }

}  // namespace tenon
