#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct ByteLayer {
  const char* name;
  int in_channels;
  int in;  // height and width
  int out_channels;
  int out;
  int kernel;
  int stride;
  int pad;
  bool residual = false;
  bool is_signed = false;
  bool planar = false;
  bool cold = false;  // weights come from memory
};

constexpr std::size_t kColdBytes = std::size_t{128} << 20;

// The layers of ResNet-50, and a few that are shaped otherwise.
constexpr ByteLayer kByteLayers[] = {
    {"resnet_stem", 3, 224, 64, 112, 7, 2, 3, false, true, true},
    {"resnet_56_64_3x3", 64, 56, 64, 56, 3, 1, 1},
    {"resnet_28_128_3x3", 128, 28, 128, 28, 3, 1, 1},
    {"resnet_14_256_3x3", 256, 14, 256, 14, 3, 1, 1},
    {"resnet_7_512_3x3", 512, 7, 512, 7, 3, 1, 1},
    {"resnet_7_512_3x3_cold", 512, 7, 512, 7, 3, 1, 1, false, false, false, true},
    {"resnet_56_64_64_1x1", 64, 56, 64, 56, 1, 1, 0},
    {"resnet_56_64_256_1x1", 64, 56, 256, 56, 1, 1, 0},
    {"resnet_56_64_256_1x1_add", 64, 56, 256, 56, 1, 1, 0, true},
    {"resnet_56_64_256_1x1_signed", 64, 56, 256, 56, 1, 1, 0, false, true},
    {"resnet_56_256_64_1x1", 256, 56, 64, 56, 1, 1, 0},
    {"resnet_28_128_512_1x1_add", 128, 28, 512, 28, 1, 1, 0, true},
    {"resnet_28_512_128_1x1", 512, 28, 128, 28, 1, 1, 0},
    {"resnet_14_256_1024_1x1_add", 256, 14, 1024, 14, 1, 1, 0, true},
    {"resnet_14_1024_256_1x1", 1024, 14, 256, 14, 1, 1, 0},
    {"resnet_7_512_2048_1x1_add", 512, 7, 2048, 7, 1, 1, 0, true},
    {"resnet_7_512_2048_1x1_cold", 512, 7, 2048, 7, 1, 1, 0, false, false, false, true},
    {"resnet_7_2048_512_1x1_cold", 2048, 7, 512, 7, 1, 1, 0, false, false, false, true},
    {"resnet_56_128_3x3_s2", 128, 56, 128, 28, 3, 2, 1},
    {"resnet_14_512_3x3_s2", 512, 14, 512, 7, 3, 2, 1},
    {"resnet_56_256_512_1x1_s2", 256, 56, 512, 28, 1, 2, 0},
    {"yolo_416_3_16_3x3", 3, 416, 16, 416, 3, 1, 1, false, true, true},
    {"yolo_208_16_32_3x3", 16, 208, 32, 208, 3, 1, 1},
    {"yolo_13_512_1024_3x3", 512, 13, 1024, 13, 3, 1, 1},
    {"yolo_13_512_255_1x1", 512, 13, 255, 13, 1, 1, 0},
    {"mobilenet_112_32_16_1x1", 32, 112, 16, 112, 1, 1, 0},
    {"mobilenet_112_16_96_1x1", 16, 112, 96, 112, 1, 1, 0},
    {"mobilenet_28_32_192_1x1", 32, 28, 192, 28, 1, 1, 0},
    {"mobilenet_14_576_96_1x1", 576, 14, 96, 14, 1, 1, 0, true},
    {"vgg_224_64_3x3", 64, 224, 64, 224, 3, 1, 1},
    {"vgg_14_512_3x3", 512, 14, 512, 14, 3, 1, 1},
};

cpu::ConvShape shape_of(const ByteLayer& layer) {
  cpu::ConvShape s;
  s.in_channels = layer.in_channels;
  s.out_channels = layer.out_channels;
  s.in_h = s.in_w = layer.in;
  s.out_h = s.out_w = layer.out;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = layer.pad;
  return s;
}

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
void run(benchmark::State& state, const Way& way, const ByteLayer& layer, const cpu::ConvS8Config& config) {
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
constexpr ByteLayer kByteDepthwise[] = {
    {"112_32_3x3", 32, 112, 32, 112, 3, 1, 1, false, true},
    {"112_96_3x3_s2", 96, 112, 96, 56, 3, 2, 1},
    {"56_144_3x3", 144, 56, 144, 56, 3, 1, 1},
    {"28_192_3x3", 192, 28, 192, 28, 3, 1, 1},
    {"14_576_3x3", 576, 14, 576, 14, 3, 1, 1},
    {"7_960_3x3", 960, 7, 960, 7, 3, 1, 1},
    {"28_240_5x5", 240, 28, 240, 28, 5, 1, 2},
    {"14_672_5x5_s2", 672, 14, 672, 7, 5, 2, 2},
};

void run_depthwise(benchmark::State& state, const cpu::DepthwiseS8Kernel& kernel, const ByteLayer& layer) {
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
    for (const ByteLayer& layer : kByteDepthwise) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run_depthwise(state, kernel, layer); });
    }
  }
}

void register_conv_s8() {
  for (const cpu::ConvS8Kernel& kernel : cpu::conv_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ByteLayer& layer : kByteLayers) {
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
    for (const ByteLayer& layer : kByteLayers) {
      const cpu::ConvS8Configs all = cpu::conv_matrix_s8_configs(shape_of(layer));
      for (int i = 0; i < all.count; ++i) {
        const cpu::ConvS8Config config = all.configs[i];
        add(fmt::format("{}/{}/{}", kernel.info.name, layer.name, config.oc_inner ? "inner" : "outer"),
            [&kernel, &layer, config](benchmark::State& state) {
              run(state, ByMatrices{kernel}, layer, config);
            });
      }
    }
  }
}

}  // namespace tenon::bench
