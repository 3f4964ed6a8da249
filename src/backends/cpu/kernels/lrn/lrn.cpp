#include "backends/cpu/kernels/lrn/lrn.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_LRN_KERNEL(isa, name) const LrnRoutines& name() noexcept;
#include "backends/cpu/kernels/lrn/kernels.inc"
#undef TENON_LRN_KERNEL

namespace {

constexpr LrnKernel kLrnKernels[] = {
#define TENON_LRN_KERNEL(isa, name) {{"lrn", #name, Isa::isa}, name},
#include "backends/cpu/kernels/lrn/kernels.inc"
#undef TENON_LRN_KERNEL
};

}  // namespace

std::span<const LrnKernel> lrn_kernels() { return kLrnKernels; }

const LrnKernel* select_lrn(Isa level) { return best_kernel(lrn_kernels(), level); }

void lrn_run(const LrnKernel& kernel, const LrnArgs& args, ThreadPool& pool) noexcept {
  run_units(kernel.routines().run, args, args.outer * ceil_div(args.inner, kLrnColumns),
            args.channels * kLrnColumns * 8, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_lrn(cpu::KernelRegistry& registry);
void register_cpu_kernel_lrn(cpu::KernelRegistry& registry) { registry.add(cpu::lrn_kernels()); }

}  // namespace tenon
