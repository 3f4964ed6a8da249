#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_layers.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

constexpr std::size_t kColdBytes = std::size_t{128} << 20;

struct ByTiles {
  const cpu::ConvS8Kernel& kernel;
  std::size_t packed(const cpu::ConvShape& s) const { return cpu::conv_s8_packed_size(s); }
  std::size_t scratch(const cpu::ConvS8Args& args) const {
    return cpu::conv_s8_scratch_size(kernel, args, pool().size());
  }
  void run(const cpu::ConvS8Args& args, std::byte* scratch) const {
    cpu::conv_s8_run(kernel, args, scratch, pool());
  }
};

struct ByMatrices {
  const cpu::MatrixS8Kernel& kernel;
  std::size_t packed(const cpu::ConvShape& s) const { return cpu::conv_matrix_s8_packed_size(s); }
  std::size_t scratch(const cpu::ConvS8Args& args) const {
    return cpu::conv_matrix_s8_scratch_size(kernel, args, pool().size());
  }
  void run(const cpu::ConvS8Args& args, std::byte* scratch) const {
    cpu::conv_matrix_s8_run(kernel, args, scratch, pool());
  }
};

template <class Way>
void run(benchmark::State& state, const Way& way, const ConvLayer& layer, const cpu::ConvS8Config& config) {
  const cpu::ConvShape s = shape_of(layer);
  const auto plane = [](int channels, int size) {
    return static_cast<std::size_t>(cpu::round_up(channels, cpu::kChannelBlock) * size * size);
  };
  Bytes src(plane(s.in_channels, s.in_h));
  Bytes dst(plane(s.out_channels, s.out_h));
  Bytes residual(layer.residual ? plane(s.out_channels, s.out_h) : 1);
  const std::size_t packed = way.packed(s);
  const std::size_t copies = layer.cold ? kColdBytes / packed + 1 : 1;
  Bytes weights(copies * packed);
  const std::vector<std::int32_t> bias(cpu::conv_s8_packed_bias_size(s));
  const std::vector<float> multiplier(bias.size(), 1e-4F);
  cpu::ConvS8Args args;
  args.shape = s;
  args.config = config;
  args.src = src.data();
  args.src_signed = layer.is_signed;
  args.planar = layer.planar;
  args.bias = bias.data();
  args.requantize.multiplier = multiplier.data();
  args.requantize.find_range(multiplier.size());
  args.requantize.residual = layer.residual ? residual.data() : nullptr;
  args.requantize.to_bytes(0, 255, 0);
  args.dst = dst.data();
  Bytes scratch(way.scratch(args));
  std::size_t copy = 0;
  for (auto _ : state) {
    args.weights = reinterpret_cast<const std::int8_t*>(weights.data() + copy * packed);
    copy = copy + 1 < copies ? copy + 1 : 0;
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()));
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, way.kernel.info,
                 2.0 * s.group_in() * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

// Layers of MobileNet and EfficientNet.
constexpr ConvLayer kByteDepthwise[] = {
    {"112_32_3x3", 32, 112, 32, 112, 3, 1, 1, false, true},
    {"112_96_3x3_s2", 96, 112, 96, 56, 3, 2, 1},
    {"56_144_3x3", 144, 56, 144, 56, 3, 1, 1},
    {"28_192_3x3", 192, 28, 192, 28, 3, 1, 1},
    {"14_576_3x3", 576, 14, 576, 14, 3, 1, 1},
    {"7_960_3x3", 960, 7, 960, 7, 3, 1, 1},
    {"28_240_5x5", 240, 28, 240, 28, 5, 1, 2},
    {"14_672_5x5_s2", 672, 14, 672, 7, 5, 2, 2},
};

void run_depthwise(benchmark::State& state, const cpu::DepthwiseS8Kernel& kernel, const ConvLayer& layer) {
  cpu::ConvShape s = shape_of(layer);
  s.groups = s.in_channels;
  Bytes src(static_cast<std::size_t>(s.in_channels * s.in_h * s.in_w));
  Bytes dst(static_cast<std::size_t>(s.out_channels * s.out_h * s.out_w));
  Bytes weights(cpu::depthwise_s8_packed_size(s));
  const std::vector<std::int32_t> bias(cpu::conv_s8_packed_bias_size(s));
  const std::vector<float> multiplier(bias.size(), 1e-4F);
  cpu::ConvS8Args args;
  args.shape = s;
  args.src = src.data();
  args.src_signed = layer.is_signed;
  args.weights = reinterpret_cast<const std::int8_t*>(weights.data());
  args.bias = bias.data();
  args.requantize.multiplier = multiplier.data();
  args.requantize.find_range(multiplier.size());
  args.requantize.to_bytes(0, 255, 0);
  args.dst = dst.data();
  Bytes scratch(cpu::depthwise_s8_scratch_size(s, pool().size()));
  for (auto _ : state) {
    cpu::depthwise_s8_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, kernel.info, 2.0 * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

}  // namespace

void register_depthwise_s8() {
  for (const cpu::DepthwiseS8Kernel& kernel : cpu::depthwise_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ConvLayer& layer : kByteDepthwise) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run_depthwise(state, kernel, layer); });
    }
  }
}

void register_conv_s8() {
  for (const cpu::ConvS8Kernel& kernel : cpu::conv_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ConvLayer& layer : kConvLayers) {
      const cpu::ConvS8Configs all = cpu::conv_s8_configs(kernel, shape_of(layer));
      for (int i = 0; i < all.count; ++i) {
        const cpu::ConvS8Config config = all.configs[i];
        const std::string name = fmt::format("{}/{}/p{}x{}{}", kernel.info.name, layer.name, config.pixels,
                                             config.oc_blocks, config.oc_inner ? "_inner" : "");
        add(name, [&kernel, &layer, config](benchmark::State& state) {
          run(state, ByTiles{kernel}, layer, config);
        });
      }
    }
  }
}

void register_matrix_s8() {
  for (const cpu::MatrixS8Kernel& kernel : cpu::matrix_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    add_matrix_layers(kernel.info.name, cpu::conv_matrix_s8_configs,
                      [&kernel](benchmark::State& state, const ConvLayer& layer, const auto& config) {
                        run(state, ByMatrices{kernel}, layer, config);
                      });
  }
}

}  // namespace tenon::bench
