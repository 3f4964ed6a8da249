#include "backends/cpu/kernels/conv_half/conv_half.hpp"

#include "backends/cpu/kernels/band/walk.hpp"
#include "backends/cpu/kernels/conv_half/form.hpp"

namespace tenon::cpu {

#define TENON_CONV_HALF_KERNEL(isa, type, name, wide, chained, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;                         \
  void name##_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;                     \
  void name##_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;             \
  void name##_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,          \
                         std::ptrdiff_t count, void* dst) noexcept;
#include "backends/cpu/kernels/conv_half/kernels.inc"
#undef TENON_CONV_HALF_KERNEL

namespace {

constexpr ConvHalfKernel kConvHalfKernels[] = {
#define TENON_CONV_HALF_KERNEL(isa, type, name, wide, chained, pixels1, pixels2, pixels3, pixels4) \
  {{{pixels1, pixels2, pixels3, pixels4}},                                                         \
   {"conv_half", #name, Isa::isa},                                                                 \
   DataType::type,                                                                                 \
   wide,                                                                                           \
   chained,                                                                                        \
   name##_copy,                                                                                    \
   name##_copy_single,                                                                             \
   name##_interleave,                                                                              \
   name},
#include "backends/cpu/kernels/conv_half/kernels.inc"
#undef TENON_CONV_HALF_KERNEL
};

}  // namespace

std::span<const ConvHalfKernel> conv_half_kernels() { return kConvHalfKernels; }

const ConvHalfKernel* select_conv_half(Isa level, DataType type) {
  return best_kernel(conv_half_kernels(), level,
                     [type](const ConvHalfKernel& k) { return k.type == type && !k.chained; });
}

const ConvHalfKernel* select_conv_half_chained(Isa level) {
  return best_kernel(conv_half_kernels(), level,
                     [](const ConvHalfKernel& k) { return k.type == DataType::f16; });
}

const char* conv_half_refusal(const ConvShape& shape, bool planar) {
  if (planar && (shape.groups != 1 || shape.in_channels > kHalfMostPlanar))
    return "plain images have at most 4 channels";
  return conv_refusal(shape);
}

ConvHalfConfigs conv_half_configs(const ConvHalfKernel& kernel, const ConvShape& shape) {
  return band_configs(kernel, shape, kHalfGroup, 2);
}

std::size_t conv_half_scratch_size(const ConvHalfKernel& kernel, const ConvHalfArgs& args, int threads) {
  return band_scratch_size<HalfForm>(kernel, args, kHalfMostPixels, threads);
}

void conv_half_run(const ConvHalfKernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                   ThreadPool& pool) noexcept {
  band_run<HalfForm>(kernel, args, scratch, pool);
}

std::ptrdiff_t conv_half_lines_ahead(const ConvHalfKernel& kernel, const ConvHalfArgs& args) {
  return args.shape.empty() ? 0 : BandWalk<HalfForm>(kernel, args, nullptr, 1).lines_ahead();
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv_half(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv_half(cpu::KernelRegistry& registry) { registry.add(cpu::conv_half_kernels()); }

}  // namespace tenon
