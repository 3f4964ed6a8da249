#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"
#include "base/thread_pool.hpp"
#include "kernels/conv_layers.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <vector>

namespace tenon::bench {

namespace {

constexpr std::size_t kColdElements = std::size_t{64} << 20;

// Numbers of 16 bits: none of them a denormal, an infinity or NaN.
std::vector<std::uint16_t> halves(std::size_t count, DataType type) {
  Floats values(std::min<std::size_t>(count, 1 << 16));
  std::vector<std::uint16_t> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float x = values.data()[i & 0xFFFF];
    all[i] = type == DataType::bf16 ? bfloat16(x).bits : float16(x).bits;
  }
  return all;
}

// As report_flops, by the peak of the level's dot products where it has them.
void report_products(benchmark::State& state, const cpu::ConvHalfKernel& kernel, double flops) {
  if (kernel.wide) return report_flops(state, kernel.info, flops);
  report_dot_ops(state, kernel.info, flops);
}

void run(benchmark::State& state, const cpu::ConvHalfKernel& kernel, const ConvLayer& layer,
         const cpu::ConvHalfConfig& config) {
  const cpu::ConvShape s = shape_of(layer);
  const auto plane = [](int channels, int size) {
    return static_cast<std::size_t>(cpu::round_up(channels, cpu::kChannelBlock) * size * size);
  };
  const auto src = halves(plane(s.in_channels, s.in_h), kernel.type);
  Floats image(layer.planar ? plane(s.in_channels, s.in_h) : 1);
  auto dst = halves(plane(s.out_channels, s.out_h), kernel.type);
  const auto residual = halves(layer.residual ? plane(s.out_channels, s.out_h) : 1, kernel.type);
  const std::size_t packed = cpu::conv_half_packed_size(s);
  const std::size_t copies = layer.cold ? kColdElements / packed + 1 : 1;
  const auto weights = halves(copies * packed, kernel.type);
  const std::vector<float> bias(cpu::conv_packed_bias_size(s.out_channels));
  cpu::ConvHalfArgs args;
  args.shape = s;
  args.config = config;
  args.src = layer.planar ? static_cast<const void*>(image.data()) : src.data();
  args.planar = layer.planar;
  args.bias = bias.data();
  args.residual = layer.residual ? residual.data() : nullptr;
  args.dst = dst.data();
  args.act = cpu::Activation::relu();
  Bytes scratch(cpu::conv_half_scratch_size(kernel, args, pool().size()));
  std::size_t copy = 0;
  for (auto _ : state) {
    args.weights = weights.data() + copy * packed;
    copy = copy + 1 < copies ? copy + 1 : 0;
    cpu::conv_half_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_products(state, kernel,
                  2.0 * s.group_in() * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

struct HalfProduct {
  const char* name;
  int m, n, k;
  bool single;
};

constexpr HalfProduct kHalfProducts[] = {
    {"bert_attention", 128, 768, 768, false}, {"bert_attention_single", 128, 768, 768, true},
    {"bert_up", 128, 3072, 768, false},       {"bert_down", 128, 768, 3072, false},
    {"vit_attention", 197, 768, 768, false},  {"square_1024", 1024, 1024, 1024, false},
    {"classifier", 1, 1000, 2048, true},      {"vgg_classifier", 1, 4096, 25088, false},
};

void run_product(benchmark::State& state, const cpu::ConvHalfKernel& kernel, const HalfProduct& p) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  Floats single(p.single ? size(p.m, p.k) : 1);
  const auto a = halves(size(p.m, p.k), kernel.type);
  const auto b = halves(cpu::gemm_half_packed_size(p.k, p.n), kernel.type);
  auto c = halves(size(p.m, p.n) * 2, kernel.type);
  const std::vector<float> bias(cpu::conv_packed_bias_size(p.n));
  cpu::GemmHalfArgs args;
  args.m = p.m;
  args.n = p.n;
  args.k = p.k;
  args.a = p.single ? static_cast<const void*>(single.data()) : a.data();
  args.a_single = args.c_single = p.single;
  args.b = b.data();
  args.bias = bias.data();
  args.c = c.data();
  Bytes scratch(cpu::gemm_half_scratch_size(kernel, args, pool().size()));
  for (auto _ : state) {
    cpu::gemm_half_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_products(state, kernel, 2.0 * p.m * p.n * p.k);
}

}  // namespace

void register_conv_half() {
  for (const cpu::ConvHalfKernel& kernel : cpu::conv_half_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ConvLayer& layer : kConvLayers) {
      const cpu::ConvHalfConfigs all = cpu::conv_half_configs(kernel, shape_of(layer));
      for (int i = 0; i < all.count; ++i) {
        const cpu::ConvHalfConfig config = all.configs[i];
        add(fmt::format("{}/{}/p{}x{}{}", kernel.info.name, layer.name, config.pixels, config.oc_blocks,
                        config.oc_inner ? "_inner" : ""),
            [&kernel, &layer, config](benchmark::State& state) { run(state, kernel, layer, config); });
      }
    }
  }
}

void register_gemm_half() {
  for (const cpu::ConvHalfKernel& kernel : cpu::conv_half_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const HalfProduct& product : kHalfProducts) {
      add(fmt::format("gemm_{}_{}/{}", kernel.type == DataType::bf16 ? "bf16" : "f16",
                      isa_name(kernel.info.isa), product.name),
          [&kernel, &product](benchmark::State& state) { run_product(state, kernel, product); });
    }
  }
}

}  // namespace tenon::bench
