#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include "backends/cpu/kernels/band/walk.hpp"
#include "backends/cpu/kernels/conv_s8/form.hpp"

namespace tenon::cpu {

#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;          \
  void name##_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL

namespace {

constexpr ConvS8Kernel kConvS8Kernels[] = {
#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  {{{pixels1, pixels2, pixels3, pixels4}}, {"conv_s8", #name, Isa::isa}, wide, name##_copy, name},
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL
};

}  // namespace

std::span<const ConvS8Kernel> conv_s8_kernels() { return kConvS8Kernels; }

const ConvS8Kernel* select_conv_s8(Isa level) { return best_kernel(conv_s8_kernels(), level); }

const char* conv_s8_refusal(const ConvShape& shape, bool planar) {
  if (planar && (shape.groups != 1 || shape.in_channels > kS8Group))
    return "plain images have at most 4 channels";
  return conv_refusal(shape);
}

ConvS8Configs conv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape) {
  return band_configs(kernel, shape, kS8Group, 1);
}

std::size_t conv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads) {
  return band_scratch_size<ByteForm>(kernel, args, kS8MostPixels, threads);
}

void conv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept {
  band_run<ByteForm>(kernel, args, scratch, pool);
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv_s8(cpu::KernelRegistry& registry) { registry.add(cpu::conv_s8_kernels()); }

}  // namespace tenon
