#include "backends/cpu/kernels/norm/norm.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_NORM_KERNEL(isa, name) const NormRoutines& name() noexcept;
#include "backends/cpu/kernels/norm/kernels.inc"
#undef TENON_NORM_KERNEL

namespace {

constexpr NormKernel kNormKernels[] = {
#define TENON_NORM_KERNEL(isa, name) {{"norm", #name, Isa::isa}, name},
#include "backends/cpu/kernels/norm/kernels.inc"
#undef TENON_NORM_KERNEL
};

// Three passes that read and one that writes, the later ones from cache.
constexpr std::ptrdiff_t kNormBytes = 12;

}  // namespace

std::span<const NormKernel> norm_kernels() { return kNormKernels; }

const NormKernel* select_norm(Isa level) { return best_kernel(norm_kernels(), level); }

void row_norm_run(const NormKernel& kernel, const RowNormArgs& args, ThreadPool& pool) noexcept {
  run_units(kernel.routines().rows, args, args.rows, args.size * kNormBytes, pool);
}

void group_norm_run(const NormKernel& kernel, const GroupNormArgs& args, ThreadPool& pool) noexcept {
  run_units(kernel.routines().groups, args, args.batch * args.groups,
            args.channels * args.spatial * kNormBytes, pool);
}

void affine_run(const NormKernel& kernel, const AffineArgs& args, ThreadPool& pool) noexcept {
  const std::ptrdiff_t channels = args.blocked ? channel_blocks(args.channels) : args.channels;
  const std::ptrdiff_t floats = args.blocked ? args.spatial * kChannelBlock : args.spatial;
  run_units(kernel.routines().affine, args, args.batch * channels, floats * 8, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_norm(cpu::KernelRegistry& registry);
void register_cpu_kernel_norm(cpu::KernelRegistry& registry) { registry.add(cpu::norm_kernels()); }

}  // namespace tenon
