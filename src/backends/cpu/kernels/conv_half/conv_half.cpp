#include "backends/cpu/kernels/conv_half/conv_half.hpp"

#include "backends/cpu/kernels/band/walk.hpp"
#include "backends/cpu/kernels/padding.hpp"

#include <cstring>

namespace tenon::cpu {

#define TENON_CONV_HALF_KERNEL(isa, type, name, wide, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;                \
  void name##_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;            \
  void name##_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;    \
  void name##_interleave(const float* src, std::ptrdiff_t plane, int channels, int width, \
                         std::ptrdiff_t count, void* dst) noexcept;
#include "backends/cpu/kernels/conv_half/kernels.inc"
#undef TENON_CONV_HALF_KERNEL

namespace {

constexpr ConvHalfKernel kConvHalfKernels[] = {
#define TENON_CONV_HALF_KERNEL(isa, type, name, wide, pixels1, pixels2, pixels3, pixels4) \
  {{{pixels1, pixels2, pixels3, pixels4}},                                                \
   {"conv_half", #name, Isa::isa},                                                        \
   DataType::type,                                                                        \
   wide,                                                                                  \
   name##_copy,                                                                           \
   name##_copy_single,                                                                    \
   name##_interleave,                                                                     \
   name},
#include "backends/cpu/kernels/conv_half/kernels.inc"
#undef TENON_CONV_HALF_KERNEL
};

constexpr int kMostPlanar = 4;     // channels
constexpr int kCompactChunk = 64;  // pixels

// Writes one block's band: of a block, or of planes of floats.
class HalfCopier {
 public:
  HalfCopier(const BandGeometry& g, const ConvHalfKernel& kernel, bool planar)
      : g_(g), kernel_(kernel), planar_(planar), channels_(g.pixel / kernel.element()) {}

  std::byte* copy(const std::byte* from, std::ptrdiff_t pixels, std::byte* to) const {
    if (planar_) {
      const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(g_.shape.in_h) * g_.shape.in_w;
      kernel_.interleave(reinterpret_cast<const float*>(from), plane, g_.shape.in_channels, channels_, pixels,
                         to);
      return to + pixels * g_.pixel;
    }
    if (!g_.compact) {
      kernel_.copy(from, pixels * kChannelBlock, to);
      return to + pixels * g_.pixel;
    }
    std::uint16_t chunk[kCompactChunk * kMostPlanar];
    for (std::ptrdiff_t i = 0; i < pixels; i += kCompactChunk) {
      const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kCompactChunk, pixels - i);
      for (std::ptrdiff_t p = 0; p < count; ++p) {
        std::memcpy(chunk + p * channels_, from + (i + p) * kChannelBlock * 2,
                    static_cast<std::size_t>(channels_) * 2);
      }
      kernel_.copy(chunk, count * channels_, to);
      to += count * g_.pixel;
    }
    return to;
  }

  std::byte* fill(std::ptrdiff_t pixels, std::byte* to) const {
    const std::ptrdiff_t bytes = pixels * g_.pixel;
    std::memset(to, 0, static_cast<std::size_t>(bytes));
    return to + bytes;
  }

 private:
  const BandGeometry& g_;
  const ConvHalfKernel& kernel_;
  bool planar_;
  int channels_;  // of a pixel of the copy
};

struct HalfForm {
  using Kernel = ConvHalfKernel;
  using Args = ConvHalfArgs;
  using Tile = ConvHalfTile;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kWeightBytes = 2;

  static BandForm band(const Kernel& kernel, const Args& args) {
    return {kHalfGroup, 2, kernel.element(), kernel.wide || args.planar, kMostPlanar};
  }

  static BandSource source(const BandGeometry& g, const Kernel& kernel, const Args& args, int image,
                           int group, int begin, int end, std::byte* scratch) {
    const ConvShape& s = g.shape;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
    const auto* src = static_cast<const std::byte*>(args.src);
    BandInput input{};
    if (args.planar) {
      input = {src + image * s.in_channels * plane * 4, 4, 0};
    } else {
      const std::ptrdiff_t pixel = kChannelBlock * 2;
      const std::ptrdiff_t first =
          (static_cast<std::ptrdiff_t>(image) * s.groups + group) * channel_blocks(s.group_in());
      input = {src + first * plane * pixel, pixel, plane * pixel};
    }
    return band_source(g, input, begin, end, scratch, HalfCopier(g, kernel, args.planar));
  }

  static void set_operands(const Args& args, std::ptrdiff_t out_block, Tile& t) {
    t.weights = args.weights + out_block * t.weights_oc_block;
    t.bias = args.bias ? args.bias + out_block * kChannelBlock : nullptr;
    t.act = args.act;
    t.dst = args.dst;
    t.dst_single = args.dst_single;
    t.residual = args.residual;
    t.residual_single = args.residual_single;
  }

  static void clear_padding(const Args& args, std::ptrdiff_t dst_at, std::ptrdiff_t pixels, int lanes) {
    if (args.act.keeps_zero()) return;
    if (args.dst_single) {
      clear_padding_lanes(static_cast<float*>(args.dst) + dst_at, pixels, lanes);
    } else {
      clear_padding_lanes(static_cast<std::uint16_t*>(args.dst) + dst_at, pixels, lanes);
    }
  }
};

}  // namespace

std::span<const ConvHalfKernel> conv_half_kernels() { return kConvHalfKernels; }

const ConvHalfKernel* select_conv_half(Isa level, DataType type) {
  return best_kernel(conv_half_kernels(), level, [type](const ConvHalfKernel& k) { return k.type == type; });
}

const char* conv_half_refusal(const ConvShape& shape, bool planar) {
  if (planar && (shape.groups != 1 || shape.in_channels > kMostPlanar))
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

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv_half(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv_half(cpu::KernelRegistry& registry) { registry.add(cpu::conv_half_kernels()); }

}  // namespace tenon
