#include "backends/cpu/kernels/deconv/deconv.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Layer {
  const char* name;
  int in_channels;
  int in;  // height and width
  int out_channels;
  int kernel;
  int stride;
  int pad;
};

constexpr Layer kLayers[] = {
    {"unet_28_256_128_2x2_s2", 256, 28, 128, 2, 2, 0},
    {"dcgan_16_256_128_4x4_s2", 256, 16, 128, 4, 2, 1},
    {"same_28_64_64_3x3", 64, 28, 64, 3, 1, 1},
};

void run(benchmark::State& state, const cpu::ConvKernel& kernel, const Layer& layer) {
  cpu::ConvArgs args;
  cpu::ConvShape& s = args.shape;
  s.in_channels = layer.in_channels;
  s.out_channels = layer.out_channels;
  s.in_h = s.in_w = layer.in;
  s.out_h = s.out_w = (layer.in - 1) * layer.stride + layer.kernel - 2 * layer.pad;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_top = s.pad_left = layer.pad;
  const auto plane = [](int channels, int size) {
    return static_cast<std::size_t>(cpu::round_up(channels, cpu::kChannelBlock) * size * size);
  };
  Floats src(plane(s.in_channels, s.in_h));
  Floats dst(plane(s.out_channels, s.out_h));
  Floats weights(cpu::conv_packed_size(s));
  Floats bias(cpu::conv_packed_bias_size(s.out_channels));
  args.src = src.data();
  args.dst = dst.data();
  args.weights = weights.data();
  args.bias = bias.data();
  args.act = cpu::Activation::relu();
  for (auto _ : state) {
    cpu::deconv_run(kernel, args, pool());
    benchmark::ClobberMemory();
  }
  report_flops(state, kernel.info,
               2.0 * s.in_channels * s.out_channels * s.in_h * s.in_w * s.kernel_h * s.kernel_w);
}

}  // namespace

void register_deconv() {
  for (const cpu::ConvKernel& kernel : cpu::deconv_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Layer& layer : kLayers) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run(state, kernel, layer); });
    }
  }
}

}  // namespace tenon::bench
