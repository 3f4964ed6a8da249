#include "backends/cpu/kernels/conv_nchw/conv_nchw.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Layer {
  const char* name;
  int groups;
  int channels;  // in and out
  int in;        // height and width
  int kernel;
};

constexpr Layer kLayers[] = {
    {"28_128_3x3", 1, 128, 28, 3},
    {"28_240_3x3_g10", 10, 240, 28, 3},
    {"28_240_1x1_g3", 3, 240, 28, 1},
};

void run(benchmark::State& state, const cpu::GemmKernel& kernel, const Layer& layer) {
  cpu::ConvArgs args;
  cpu::ConvShape& s = args.shape;
  s.groups = layer.groups;
  s.in_channels = s.out_channels = layer.channels;
  s.in_h = s.in_w = s.out_h = s.out_w = layer.in;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.pad_top = s.pad_left = layer.kernel / 2;
  const auto count = static_cast<std::size_t>(layer.channels * layer.in * layer.in);
  Floats src(count);
  Floats dst(count);
  Floats weights(cpu::conv_nchw_packed_size(s));
  Floats bias(static_cast<std::size_t>(s.out_channels));
  Floats scratch(cpu::conv_nchw_scratch_size(s, pool().size()));
  args.src = src.data();
  args.dst = dst.data();
  args.weights = weights.data();
  args.bias = bias.data();
  args.act = cpu::Activation::relu();
  for (auto _ : state) {
    cpu::conv_nchw_run(kernel, args, scratch.data(), pool());
    benchmark::ClobberMemory();
  }
  report_flops(state, kernel.info,
               2.0 * s.group_in() * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

}  // namespace

void register_conv_nchw() {
  for (const cpu::GemmKernel& kernel : cpu::conv_nchw_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Layer& layer : kLayers) {
      add(fmt::format("{}/{}", kernel.info.name, layer.name),
          [&kernel, &layer](benchmark::State& state) { run(state, kernel, layer); });
    }
  }
}

}  // namespace tenon::bench
