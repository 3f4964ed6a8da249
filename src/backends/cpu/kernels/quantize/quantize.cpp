#include "backends/cpu/kernels/quantize/quantize.hpp"

#include "base/thread_pool.hpp"

namespace tenon::cpu {

#define TENON_QUANTIZE_KERNEL(isa, name) \
  void name(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
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

}  // namespace

std::span<const QuantizeKernel> quantize_kernels() { return kQuantizeKernels; }

const QuantizeKernel* select_quantize(Isa level) { return best_kernel(quantize_kernels(), level); }

void quantize_run(const QuantizeKernel& kernel, const QuantizeArgs& args, ThreadPool& pool) noexcept {
  pool.run_ranges(
      static_cast<std::size_t>(args.count), kQuantizeGrain, [&](std::size_t begin, std::size_t end, int) {
        kernel.quantize(args, static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
      });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_quantize(cpu::KernelRegistry& registry);
void register_cpu_kernel_quantize(cpu::KernelRegistry& registry) { registry.add(cpu::quantize_kernels()); }

}  // namespace tenon
