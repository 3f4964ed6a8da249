#include "backends/cpu/kernels/resize/resize.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_RESIZE_KERNEL(isa, name) const ResizeRoutines& name() noexcept;
#include "backends/cpu/kernels/resize/kernels.inc"
#undef TENON_RESIZE_KERNEL

namespace {

constexpr ResizeKernel kResizeKernels[] = {
#define TENON_RESIZE_KERNEL(isa, name) {{"resize", #name, Isa::isa}, name},
#include "backends/cpu/kernels/resize/kernels.inc"
#undef TENON_RESIZE_KERNEL
};

}  // namespace

std::span<const ResizeKernel> resize_kernels() { return kResizeKernels; }

const ResizeKernel* select_resize(Isa level) { return best_kernel(resize_kernels(), level); }

void resize_run(const ResizeKernel& kernel, const ResizeArgs& args, ThreadPool& pool) noexcept {
  const std::ptrdiff_t floats = args.width.out * (args.blocked ? kChannelBlock : 1);
  run_units(kernel.routines().resize[float_index(args.type)], args, args.planes * args.height.out,
            floats * (args.linear ? 20 : 8), pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_resize(cpu::KernelRegistry& registry);
void register_cpu_kernel_resize(cpu::KernelRegistry& registry) { registry.add(cpu::resize_kernels()); }

}  // namespace tenon
