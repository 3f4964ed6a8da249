#include "backends/cpu/kernels/observe/observe.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_OBSERVE_KERNEL(isa, name) \
  Observation name(const ObserveArgs&, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL

namespace {

constexpr auto kTableSize = static_cast<std::size_t>(kObserveTable);

constexpr ObserveKernel kObserveKernels[] = {
#define TENON_OBSERVE_KERNEL(isa, name) {{"observe", #name, Isa::isa}, name},
#include "backends/cpu/kernels/observe/kernels.inc"
#undef TENON_OBSERVE_KERNEL
};

// A task that looks at fewer elements is not worth waking a thread for.
constexpr std::size_t kTaskElements = 16384;
// Counters have 32 bits.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 31;
// Fewer elements than this are counted faster than four tables are added up.
constexpr std::size_t kOneTable = 65536;

Observation unite(const Observation& a, const Observation& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.finite && b.finite};
}

void drain(std::span<std::uint32_t> tables, std::span<std::uint64_t> counts) {
  for (std::size_t i = 0; i < tables.size(); ++i) {
    counts[i % kTableSize] += tables[i];
    tables[i] = 0;
  }
}

}  // namespace

std::span<const ObserveKernel> observe_kernels() { return kObserveKernels; }

const ObserveKernel* select_observe(Isa level) { return best_kernel(observe_kernels(), level); }

Observation observe_run(const ObserveKernel& kernel, std::span<const float> values, float inverse_width,
                        std::span<std::uint64_t> counts, std::span<ObserveScratch> scratch,
                        ThreadPool& pool) noexcept {
  Observation all;
  bool any = false;
  while (!values.empty()) {
    const auto part = values.first(std::min(values.size(), kMostAtOnce));
    values = values.subspan(part.size());
    const bool one = part.size() < kOneTable;
    pool.run_ranges(part.size(), kTaskElements, [&](std::size_t begin, std::size_t end, int worker) {
      ObserveScratch& mine = scratch[static_cast<std::size_t>(worker)];
      const ObserveArgs args{part.data(), inverse_width, counts.empty() ? nullptr : mine.tables.data(),
                             one ? 0 : kObserveTable};
      const Observation seen =
          kernel.observe(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
      mine.seen = mine.used ? unite(mine.seen, seen) : seen;
      mine.used = true;
    });
    for (ObserveScratch& mine : scratch) {
      if (!mine.used) continue;
      all = any ? unite(all, mine.seen) : mine.seen;
      any = true;
      mine.used = false;
      if (counts.empty()) continue;
      drain(std::span(mine.tables).first(one ? kTableSize : mine.tables.size()), counts);
    }
  }
  return all;
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_observe(cpu::KernelRegistry& registry);
void register_cpu_kernel_observe(cpu::KernelRegistry& registry) { registry.add(cpu::observe_kernels()); }

}  // namespace tenon
