#include "backends/cpu/kernels/winograd/winograd.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Layer {
  const char* name;
  int in_channels;
  int size;  // height and width, of input and output
  int out_channels;
  int kernel = 3;
  int batch = 1;
};

// Layers of VGG-16, ResNet-50, YOLOv3-Tiny, PointPillars and an Inception block.
constexpr Layer kLayers[] = {
    {"vgg_224_64", 64, 224, 64},
    {"vgg_112_64_128", 64, 112, 128},
    {"vgg_112_128", 128, 112, 128},
    {"vgg_56_256", 256, 56, 256},
    {"vgg_28_512", 512, 28, 512},
    {"vgg_14_512", 512, 14, 512},
    {"resnet_56_64", 64, 56, 64},
    {"resnet_28_128", 128, 28, 128},
    {"resnet_14_256", 256, 14, 256},
    {"resnet_7_512", 512, 7, 512},
    {"resnet_7_512_b8", 512, 7, 512, 3, 8},
    {"yolo_208_16_32", 16, 208, 32},
    {"yolo_104_32_64", 32, 104, 64},
    {"yolo_52_64_128", 64, 52, 128},
    {"yolo_26_128_256", 128, 26, 256},
    {"yolo_13_512_1024", 512, 13, 1024},
    {"pillars_124_128", 128, 124, 128},
    {"inception_28_32_96_5x5", 32, 28, 96, 5},
};

void run(benchmark::State& state, const cpu::WinogradKernel& kernel, const Layer& layer, int outputs) {
  cpu::ConvArgs args;
  cpu::ConvShape& s = args.shape;
  s.batch = layer.batch;
  s.in_channels = layer.in_channels;
  s.out_channels = layer.out_channels;
  s.in_h = s.in_w = s.out_h = s.out_w = layer.size;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.pad_top = s.pad_left = layer.kernel / 2;
  const auto plane = [&](int channels) {
    return static_cast<std::size_t>(layer.batch * cpu::round_up(channels, cpu::kChannelBlock) * layer.size *
                                    layer.size);
  };
  Floats src(plane(s.in_channels));
  Floats dst(plane(s.out_channels));
  Floats weights(cpu::winograd_packed_size(s, outputs));
  Floats bias(cpu::conv_packed_bias_size(s.out_channels));
  Floats scratch(cpu::winograd_scratch_size(s, outputs, pool().size()));
  args.src = src.data();
  args.dst = dst.data();
  args.weights = weights.data();
  args.bias = bias.data();
  args.act = cpu::Activation::relu();
  for (auto _ : state) {
    cpu::winograd_run(kernel, args, outputs, scratch.data(), pool());
    benchmark::ClobberMemory();
  }
  // By the direct count, so that of_peak compares with the direct convolution's; "done" counts the products
  // that are really computed.
  const double channels = 2.0 * s.batch * s.in_channels * s.out_channels;
  report_flops(state, kernel.info, channels * layer.size * layer.size * layer.kernel * layer.kernel);
  const double alpha = outputs + layer.kernel - 1;
  const double tiles = static_cast<double>(cpu::ceil_div(layer.size, outputs));
  report_share_done(state, kernel.info, channels * tiles * tiles * alpha * alpha);
}

}  // namespace

void register_winograd() {
  for (const cpu::WinogradKernel& kernel : cpu::winograd_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Layer& layer : kLayers) {
      for (const int outputs : {2, 4, 6}) {
        if (layer.kernel == 5 && outputs != 2) continue;
        add(fmt::format("{}/{}/f{}", kernel.info.name, layer.name, outputs),
            [&kernel, &layer, outputs](benchmark::State& state) { run(state, kernel, layer, outputs); });
      }
    }
  }
}

}  // namespace tenon::bench
