#include "backends/cpu/kernels/quantize/quantize.hpp"

#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_QUANTIZE_KERNEL(isa, name) const QuantizeRoutines& name() noexcept;
#include "backends/cpu/kernels/quantize/kernels.inc"
#undef TENON_QUANTIZE_KERNEL

namespace {

constexpr QuantizeKernel kQuantizeKernels[] = {
#define TENON_QUANTIZE_KERNEL(isa, name) {{"quantize", #name, Isa::isa}, name},
#include "backends/cpu/kernels/quantize/kernels.inc"
#undef TENON_QUANTIZE_KERNEL
};

// Elements that are worth waking a thread for.
constexpr std::size_t kQuantizeGrain = 16384;

template <class Args>
void run_elements(void (*routine)(const Args&, std::ptrdiff_t, std::ptrdiff_t) noexcept, const Args& args,
                  ThreadPool& pool) {
  pool.run_ranges(static_cast<std::size_t>(args.count), kQuantizeGrain,
                  [&](std::size_t begin, std::size_t end, int) {
                    routine(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
                  });
}

}  // namespace

std::span<const QuantizeKernel> quantize_kernels() { return kQuantizeKernels; }

const QuantizeKernel* select_quantize(Isa level) { return best_kernel(quantize_kernels(), level); }

void quantize_run(const QuantizeKernel& kernel, const QuantizeArgs& args, ThreadPool& pool) noexcept {
  run_elements(kernel.routines().quantize, args, pool);
}

void bytes_to_floats_run(const QuantizeKernel& kernel, const BytesToFloatsArgs& args,
                         ThreadPool& pool) noexcept {
  run_elements(kernel.routines().dequantize, args, pool);
}

void add_bytes_run(const QuantizeKernel& kernel, const AddBytesArgs& args, ThreadPool& pool) noexcept {
  run_elements(kernel.routines().add, args, pool);
}

void look_up_run(const QuantizeKernel& kernel, const LookUpArgs& args, ThreadPool& pool) noexcept {
  run_elements(kernel.routines().look_up, args, pool);
}

Extremes joined(std::span<const Extremes> parts) noexcept {
  Extremes all;
  for (const Extremes& one : parts) {
    all.low = std::min(all.low, one.low);
    all.high = std::max(all.high, one.high);
  }
  return all;
}

Extremes extremes_run(const QuantizeKernel& kernel, const float* src, std::ptrdiff_t count,
                      std::span<Extremes> each, ThreadPool& pool) noexcept {
  const auto routine = kernel.routines().extremes;
  std::fill(each.begin(), each.end(), Extremes());
  pool.run_ranges(static_cast<std::size_t>(count), kQuantizeGrain,
                  [&](std::size_t begin, std::size_t end, int worker) {
                    routine(src + begin, static_cast<std::ptrdiff_t>(end - begin),
                            each[static_cast<std::size_t>(worker)]);
                  });
  return joined(each);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_quantize(cpu::KernelRegistry& registry);
void register_cpu_kernel_quantize(cpu::KernelRegistry& registry) { registry.add(cpu::quantize_kernels()); }

}  // namespace tenon
