#include "backends/cpu/kernels/softmax/softmax.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_SOFTMAX_KERNEL(isa, name) const SoftmaxRoutines& name() noexcept;
#include "backends/cpu/kernels/softmax/kernels.inc"
#undef TENON_SOFTMAX_KERNEL

namespace {

constexpr SoftmaxKernel kSoftmaxKernels[] = {
#define TENON_SOFTMAX_KERNEL(isa, name) {{"softmax", #name, Isa::isa}, name},
#include "backends/cpu/kernels/softmax/kernels.inc"
#undef TENON_SOFTMAX_KERNEL
};

}  // namespace

std::span<const SoftmaxKernel> softmax_kernels() { return kSoftmaxKernels; }

const SoftmaxKernel* select_softmax(Isa level) { return best_kernel(softmax_kernels(), level); }

void softmax_run(const SoftmaxKernel& kernel, const SoftmaxArgs& args, ThreadPool& pool) noexcept {
  if (args.axis == 0) return;
  // An exponential costs about as much as moving this many bytes.
  constexpr std::ptrdiff_t kBytesPerElement = 16;
  if (args.inner == 1) {
    run_units(kernel.routines().rows, args, args.outer, args.axis * kBytesPerElement, pool);
  } else {
    run_units(kernel.routines().columns, args, args.outer * ceil_div(args.inner, kSoftmaxColumns),
              args.axis * kSoftmaxColumns * kBytesPerElement, pool);
  }
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_softmax(cpu::KernelRegistry& registry);
void register_cpu_kernel_softmax(cpu::KernelRegistry& registry) { registry.add(cpu::softmax_kernels()); }

}  // namespace tenon
