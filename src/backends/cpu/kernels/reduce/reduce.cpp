#include "backends/cpu/kernels/reduce/reduce.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_REDUCE_KERNEL(isa, name) const ReduceRoutines& name() noexcept;
#include "backends/cpu/kernels/reduce/kernels.inc"
#undef TENON_REDUCE_KERNEL

namespace {

constexpr ReduceKernel kReduceKernels[] = {
#define TENON_REDUCE_KERNEL(isa, name) {{"reduce", #name, Isa::isa}, name},
#include "backends/cpu/kernels/reduce/kernels.inc"
#undef TENON_REDUCE_KERNEL
};

template <class Args>
void run_reduction(void (*kernel)(const Args&, std::ptrdiff_t, std::ptrdiff_t) noexcept, const Args& args,
                   ThreadPool& pool) {
  if (args.inner == 1) {
    run_units(kernel, args, args.outer, args.axis * 4, pool);
  } else {
    run_units(kernel, args, args.outer * ceil_div(args.inner, kReduceColumns), args.axis * kReduceColumns * 4,
              pool);
  }
}

}  // namespace

std::span<const ReduceKernel> reduce_kernels() { return kReduceKernels; }

const ReduceKernel* select_reduce(Isa level) { return best_kernel(reduce_kernels(), level); }

void reduce_run(const ReduceKernel& kernel, const ReduceArgs& args, ThreadPool& pool) noexcept {
  run_reduction(kernel.routines().reduce, args, pool);
}

void arg_reduce_run(const ReduceKernel& kernel, const ArgReduceArgs& args, ThreadPool& pool) noexcept {
  run_reduction(kernel.routines().arg_reduce, args, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_reduce(cpu::KernelRegistry& registry);
void register_cpu_kernel_reduce(cpu::KernelRegistry& registry) { registry.add(cpu::reduce_kernels()); }

}  // namespace tenon
