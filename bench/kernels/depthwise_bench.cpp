#include "backends/cpu/kernels/depthwise/depthwise.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Layer {
  const char* name;
  int channels;
  int in;  // height and width
  int kernel;
  int stride;
};

// From MobileNet v2 and EfficientNet.
constexpr Layer kLayers[] = {
    {"112_32_3x3", 32, 112, 3, 1}, {"112_96_3x3_s2", 96, 112, 3, 2}, {"56_144_3x3", 144, 56, 3, 1},
    {"14_384_3x3", 384, 14, 3, 1}, {"28_240_5x5", 240, 28, 5, 1},    {"7_960_3x3", 960, 7, 3, 1},
};

void run(benchmark::State& state, const cpu::DepthwiseKernel& kernel, const Layer& layer) {
  cpu::ConvArgs args;
  cpu::ConvShape& s = args.shape;
  s.groups = s.in_channels = s.out_channels = layer.channels;
  s.in_h = s.in_w = layer.in;
  s.out_h = s.out_w = (layer.in - 1) / layer.stride + 1;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = layer.kernel / 2;
  const auto plane = [&](int size) {
    return static_cast<std::size_t>(cpu::round_up(layer.channels, cpu::kChannelBlock) * size * size);
  };
  Floats src(plane(s.in_h));
  Floats dst(plane(s.out_h));
  Floats weights(cpu::depthwise_packed_size(s));
  Floats bias(cpu::conv_packed_bias_size(s.out_channels));
  args.src = src.data();
  args.dst = dst.data();
  args.weights = weights.data();
  args.bias = bias.data();
  args.act = cpu::Activation::clip(0.0F, 6.0F);
  for (auto _ : state) {
    cpu::depthwise_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_flops(state, kernel.info, 2.0 * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
  report_bytes(state, static_cast<double>(sizeof(float) * (plane(s.in_h) + plane(s.out_h))));
}

}  // namespace

void register_depthwise() {
  for (const cpu::DepthwiseKernel& kernel : cpu::depthwise_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Layer& layer : kLayers) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run(state, kernel, layer); });
    }
  }
}

}  // namespace tenon::bench
