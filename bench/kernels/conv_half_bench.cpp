#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <vector>

namespace tenon::bench {

namespace {

struct HalfLayer {
  const char* name;
  int in_channels;
  int in;  // height and width
  int out_channels;
  int out;
  int kernel;
  int stride;
  int pad;
  bool residual = false;
  bool planar = false;
  bool cold = false;  // weights come from memory
};

constexpr std::size_t kColdElements = std::size_t{64} << 20;

// The layers of ResNet-50, and a few that are shaped otherwise.
constexpr HalfLayer kHalfLayers[] = {
    {"resnet_stem", 3, 224, 64, 112, 7, 2, 3, false, true},
    {"resnet_56_64_3x3", 64, 56, 64, 56, 3, 1, 1},
    {"resnet_28_128_3x3", 128, 28, 128, 28, 3, 1, 1},
    {"resnet_14_256_3x3", 256, 14, 256, 14, 3, 1, 1},
    {"resnet_7_512_3x3", 512, 7, 512, 7, 3, 1, 1},
    {"resnet_7_512_3x3_cold", 512, 7, 512, 7, 3, 1, 1, false, false, true},
    {"resnet_56_64_64_1x1", 64, 56, 64, 56, 1, 1, 0},
    {"resnet_56_64_256_1x1_add", 64, 56, 256, 56, 1, 1, 0, true},
    {"resnet_56_256_64_1x1", 256, 56, 64, 56, 1, 1, 0},
    {"resnet_28_128_512_1x1_add", 128, 28, 512, 28, 1, 1, 0, true},
    {"resnet_28_512_128_1x1", 512, 28, 128, 28, 1, 1, 0},
    {"resnet_14_256_1024_1x1_add", 256, 14, 1024, 14, 1, 1, 0, true},
    {"resnet_14_1024_256_1x1", 1024, 14, 256, 14, 1, 1, 0},
    {"resnet_7_512_2048_1x1_add", 512, 7, 2048, 7, 1, 1, 0, true},
    {"resnet_7_512_2048_1x1_cold", 512, 7, 2048, 7, 1, 1, 0, false, false, true},
    {"resnet_7_2048_512_1x1", 2048, 7, 512, 7, 1, 1, 0},
    {"resnet_7_2048_512_1x1_cold", 2048, 7, 512, 7, 1, 1, 0, false, false, true},
    {"resnet_56_128_3x3_s2", 128, 56, 128, 28, 3, 2, 1},
    {"resnet_14_512_3x3_s2", 512, 14, 512, 7, 3, 2, 1},
    {"resnet_56_256_512_1x1_s2", 256, 56, 512, 28, 1, 2, 0},
    {"yolo_13_512_1024_3x3", 512, 13, 1024, 13, 3, 1, 1},
    {"yolo_416_3_16_3x3", 3, 416, 16, 416, 3, 1, 1, false, true},
    {"yolo_208_16_32_3x3", 16, 208, 32, 208, 3, 1, 1},
    {"vgg_224_64_3x3", 64, 224, 64, 224, 3, 1, 1},
};

cpu::ConvShape shape_of(const HalfLayer& layer) {
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

void run(benchmark::State& state, const cpu::ConvHalfKernel& kernel, const HalfLayer& layer,
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
    for (const HalfLayer& layer : kHalfLayers) {
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
