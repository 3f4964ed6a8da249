#include "backends/cpu/kernels/pool_s8/pool_s8.hpp"

#include "backends/cpu/kernels/run_units.hpp"

namespace tenon::cpu {

#define TENON_POOL_S8_KERNEL(isa, name) \
  void name(const PoolS8Args& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
#include "backends/cpu/kernels/pool_s8/kernels.inc"
#undef TENON_POOL_S8_KERNEL

namespace {

constexpr PoolS8Kernel kPoolS8Kernels[] = {
#define TENON_POOL_S8_KERNEL(isa, name) {{"pool_s8", #name, Isa::isa}, name},
#include "backends/cpu/kernels/pool_s8/kernels.inc"
#undef TENON_POOL_S8_KERNEL
};

}  // namespace

std::span<const PoolS8Kernel> pool_s8_kernels() { return kPoolS8Kernels; }

const PoolS8Kernel* select_pool_s8(Isa level) { return best_kernel(pool_s8_kernels(), level); }

void pool_s8_run(const PoolS8Kernel& kernel, const PoolS8Args& args, ThreadPool& pool) noexcept {
  const std::ptrdiff_t taps =
      static_cast<std::ptrdiff_t>(args.axes[0].kernel) * args.axes[1].kernel * args.axes[2].kernel;
  const std::ptrdiff_t rows =
      args.batch * channel_blocks(args.channels) * args.axes[0].out * args.axes[1].out;
  run_units(kernel.pool, args, rows, args.axes[2].out * (taps + 1) * kChannelBlock, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_pool_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_pool_s8(cpu::KernelRegistry& registry) { registry.add(cpu::pool_s8_kernels()); }

}  // namespace tenon
