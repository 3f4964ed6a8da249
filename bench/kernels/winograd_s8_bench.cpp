// Beside each layer by Winograd's algorithm, the direct convolution of the same level with its first config.
#include "backends/cpu/kernels/winograd_s8/winograd_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct SquareLayer {
  const char* name;
  int in_channels;
  int size;  // height and width, of input and output
  int out_channels;
  int batch = 1;
};

// Layers of VGG-16, ResNet-50, YOLOv3-Tiny and PointPillars.
constexpr SquareLayer kSquareLayers[] = {
    {"vgg_224_64", 64, 224, 64},         {"vgg_112_64_128", 64, 112, 128},
    {"vgg_112_128", 128, 112, 128},      {"vgg_56_128_256", 128, 56, 256},
    {"vgg_56_256", 256, 56, 256},        {"vgg_28_256_512", 256, 28, 512},
    {"vgg_28_512", 512, 28, 512},        {"vgg_14_512", 512, 14, 512},
    {"resnet_56_64", 64, 56, 64},        {"resnet_28_128", 128, 28, 128},
    {"resnet_14_256", 256, 14, 256},     {"resnet_7_512", 512, 7, 512},
    {"resnet_7_512_b8", 512, 7, 512, 8}, {"resnet20_32_16", 16, 32, 16},
    {"resnet20_16_32", 32, 16, 32},      {"resnet20_8_64", 64, 8, 64},
    {"yolo_208_16_32", 16, 208, 32},     {"yolo_104_32_64", 32, 104, 64},
    {"yolo_52_64_128", 64, 52, 128},     {"yolo_26_128_256", 128, 26, 256},
    {"yolo_13_256_512", 256, 13, 512},   {"yolo_13_512_1024", 512, 13, 1024},
    {"pillars_232_64", 64, 232, 64},     {"pillars_116_128", 128, 116, 128},
    {"pillars_58_256", 256, 58, 256},
};

// The operands of a layer, but for its weights.
struct SquareData {
  cpu::ConvS8Args args;
  Bytes src, dst;
  std::vector<std::int32_t> bias;
  std::vector<float> multiplier;

  explicit SquareData(const SquareLayer& layer)
      : src(plane(layer, layer.in_channels)), dst(plane(layer, layer.out_channels)) {
    cpu::ConvShape& s = args.shape;
    s.batch = layer.batch;
    s.in_channels = layer.in_channels;
    s.out_channels = layer.out_channels;
    s.in_h = s.in_w = s.out_h = s.out_w = layer.size;
    s.kernel_h = s.kernel_w = 3;
    s.pad_top = s.pad_left = 1;
    bias.resize(cpu::conv_s8_packed_bias_size(s));
    multiplier.assign(bias.size(), 1e-4F);
    args.src = src.data();
    args.bias = bias.data();
    args.requantize.multiplier = multiplier.data();
    args.requantize.find_range(multiplier.size());
    args.requantize.to_bytes(0, 255, 0);
    args.dst = dst.data();
  }
  double ops() const {
    const cpu::ConvShape& s = args.shape;
    return 2.0 * 9 * s.batch * s.in_channels * s.out_channels * s.out_h * s.out_w;
  }

  static std::size_t plane(const SquareLayer& layer, int channels) {
    return static_cast<std::size_t>(layer.batch * cpu::round_up(channels, cpu::kChannelBlock) * layer.size *
                                    layer.size);
  }
};

void run_winograd(benchmark::State& state, const cpu::WinogradS8Kernel& kernel, const SquareLayer& layer) {
  SquareData data(layer);
  Bytes weights(cpu::winograd_s8_packed_size(data.args.shape) * sizeof(std::int16_t));
  Bytes scratch(cpu::winograd_s8_scratch_size(data.args.shape, pool().size()));
  const auto* packed = reinterpret_cast<const std::int16_t*>(weights.data());
  for (auto _ : state) {
    cpu::winograd_s8_run(kernel, data.args, packed, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, kernel.info, data.ops());
}

void run_direct(benchmark::State& state, const cpu::ConvS8Kernel& kernel, const SquareLayer& layer) {
  SquareData data(layer);
  cpu::ConvS8Args& args = data.args;
  args.config = cpu::conv_s8_configs(kernel, args.shape).configs[0];
  Bytes weights(cpu::conv_s8_packed_size(args.shape));
  args.weights = reinterpret_cast<const std::int8_t*>(weights.data());
  Bytes scratch(cpu::conv_s8_scratch_size(kernel, args, pool().size()));
  for (auto _ : state) {
    cpu::conv_s8_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, kernel.info, data.ops());
}

}  // namespace

void register_winograd_s8() {
  for (const cpu::WinogradS8Kernel& kernel : cpu::winograd_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    const cpu::ConvS8Kernel& direct = *cpu::select_conv_s8(kernel.info.isa);
    for (const SquareLayer& layer : kSquareLayers) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run_winograd(state, kernel, layer); });
      add(fmt::format("{}/{}/direct", kernel.info.name, layer.name),
          [&direct, &layer](benchmark::State& state) { run_direct(state, direct, layer); });
    }
  }
}

}  // namespace tenon::bench
