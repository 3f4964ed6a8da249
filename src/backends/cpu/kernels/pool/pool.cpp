#include "backends/cpu/kernels/pool/pool.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_POOL_KERNEL(isa, name) const PoolRoutines& name() noexcept;
#include "backends/cpu/kernels/pool/kernels.inc"
#undef TENON_POOL_KERNEL

namespace {

constexpr PoolKernel kPoolKernels[] = {
#define TENON_POOL_KERNEL(isa, name) {{"pool", #name, Isa::isa}, name},
#include "backends/cpu/kernels/pool/kernels.inc"
#undef TENON_POOL_KERNEL
};

}  // namespace

int pooled_size(const PoolArgs::Axis& axis, bool ceil) noexcept {
  const int reach = (axis.kernel - 1) * axis.dilation + 1;
  const int room = axis.in + axis.pad + axis.pad_end - reach;
  if (room < 0) return 0;
  if (!ceil) return room / axis.stride + 1;
  const int size = (room + axis.stride - 1) / axis.stride + 1;
  return (size - 1) * axis.stride >= axis.in + axis.pad ? size - 1 : size;
}

std::span<const PoolKernel> pool_kernels() { return kPoolKernels; }

const PoolKernel* select_pool(Isa level) { return best_kernel(pool_kernels(), level); }

void pool_run(const PoolKernel& kernel, const PoolArgs& args, ThreadPool& pool) noexcept {
  const std::ptrdiff_t planes = args.batch * (args.blocked ? channel_blocks(args.channels) : args.channels);
  const std::ptrdiff_t taps =
      static_cast<std::ptrdiff_t>(args.axes[0].kernel) * args.axes[1].kernel * args.axes[2].kernel;
  const std::ptrdiff_t bytes =
      args.axes[2].out * (taps + 1) * (args.blocked ? kChannelBlock : 1) * float_bytes(args.type);
  const PoolRoutines& routines = kernel.routines();
  run_units(args.blocked ? routines.blocked[float_index(args.type)] : routines.planar, args,
            planes * args.axes[0].out * args.axes[1].out, bytes, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_pool(cpu::KernelRegistry& registry);
void register_cpu_kernel_pool(cpu::KernelRegistry& registry) { registry.add(cpu::pool_kernels()); }

}  // namespace tenon
