#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/gemm_half/gemm_half.hpp"
#include "backends/cpu/kernels/matrix_bf16/conv_matrix_bf16.hpp"
#include "backends/cpu/kernels/matrix_bf16/gemm_matrix_bf16.hpp"
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

// By the dot products of a level, or by those of floats.
struct ByVectors {
  DataType type() const { return kernel.type; }
  bool scaled() const { return kernel.chained; }
  std::size_t packed(const cpu::ConvShape& s) const { return cpu::conv_half_packed_size(s); }
  std::size_t scratch(const cpu::ConvHalfArgs& args) const {
    return cpu::conv_half_scratch_size(kernel, args, pool().size());
  }
  void run(const cpu::ConvHalfArgs& args, std::byte* memory) const {
    cpu::conv_half_run(kernel, args, memory, pool());
  }
  std::size_t packed(int k, int n) const { return cpu::gemm_half_packed_size(k, n); }
  std::size_t scratch(const cpu::GemmHalfArgs& args) const {
    return cpu::gemm_half_scratch_size(kernel, args, pool().size());
  }
  void run(const cpu::GemmHalfArgs& args, std::byte* memory) const {
    cpu::gemm_half_run(kernel, args, memory, pool());
  }
  // As report_flops, by the peak of the level's dot products where it has them.
  void report(benchmark::State& state, double flops) const {
    if (kernel.wide) return report_flops(state, kernel.info, flops);
    report_dot_ops(state, kernel.info, flops);
  }
  const cpu::ConvHalfKernel& kernel;
};

// By products of tiles. The peak of AMX is that of bytes, of which a tile holds twice as many.
struct ByMatrices {
  static DataType type() { return DataType::bf16; }
  static bool scaled() { return false; }
  std::size_t packed(const cpu::ConvShape& s) const { return cpu::conv_matrix_bf16_packed_size(s); }
  std::size_t scratch(const cpu::ConvHalfArgs& args) const {
    return cpu::conv_matrix_bf16_scratch_size(kernel, args, pool().size());
  }
  void run(const cpu::ConvHalfArgs& args, std::byte* memory) const {
    cpu::conv_matrix_bf16_run(kernel, args, memory, pool());
  }
  std::size_t packed(int k, int n) const { return cpu::gemm_matrix_bf16_packed_size(k, n); }
  std::size_t scratch(const cpu::GemmHalfArgs& args) const {
    return cpu::gemm_matrix_bf16_scratch_size(args, pool().size());
  }
  void run(const cpu::GemmHalfArgs& args, std::byte* memory) const {
    cpu::gemm_matrix_bf16_run(kernel, args, memory, pool());
  }
  void report(benchmark::State& state, double flops) const { report_dot_ops(state, kernel.info, flops); }
  const cpu::MatrixBf16Kernel& kernel;
};

template <class Way>
void run(benchmark::State& state, const Way& way, const ConvLayer& layer, const cpu::ConvHalfConfig& config) {
  const cpu::ConvShape s = shape_of(layer);
  const auto plane = [](int channels, int size) {
    return static_cast<std::size_t>(cpu::round_up(channels, cpu::kChannelBlock) * size * size);
  };
  const auto src = halves(plane(s.in_channels, s.in_h), way.type());
  Floats image(layer.planar ? plane(s.in_channels, s.in_h) : 1);
  auto dst = halves(plane(s.out_channels, s.out_h), way.type());
  const auto residual = halves(layer.residual ? plane(s.out_channels, s.out_h) : 1, way.type());
  const std::size_t packed = way.packed(s);
  const std::size_t copies = layer.cold ? kColdElements / packed + 1 : 1;
  const auto weights = halves(copies * packed, way.type());
  const std::vector<float> bias(cpu::conv_packed_bias_size(s.out_channels)), factors(bias.size(), 1.0F);
  cpu::ConvHalfArgs args;
  args.shape = s;
  args.config = config;
  args.src = layer.planar ? static_cast<const void*>(image.data()) : src.data();
  args.planar = layer.planar;
  args.factors = way.scaled() ? factors.data() : nullptr;
  args.bias = bias.data();
  args.residual = layer.residual ? residual.data() : nullptr;
  args.dst = dst.data();
  args.act = cpu::Activation::relu();
  Bytes scratch(way.scratch(args));
  std::size_t copy = 0;
  for (auto _ : state) {
    args.weights = weights.data() + copy * packed;
    copy = copy + 1 < copies ? copy + 1 : 0;
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()));
    benchmark::ClobberMemory();
  }
  way.report(state, 2.0 * s.group_in() * s.out_channels * s.out_h * s.out_w * s.kernel_h * s.kernel_w);
}

struct HalfProduct {
  const char* name;
  int m, n, k;
  bool single;
};

constexpr HalfProduct kHalfProducts[] = {
    {"bert_attention", 128, 768, 768, false},    {"bert_attention_single", 128, 768, 768, true},
    {"bert_up", 128, 3072, 768, false},          {"bert_down", 128, 768, 3072, false},
    {"vit_attention", 197, 768, 768, false},     {"square_1024", 1024, 1024, 1024, false},
    {"bert_attention_8", 1024, 768, 768, false}, {"bert_up_8", 1024, 3072, 768, false},
    {"bert_down_8", 1024, 768, 3072, false},     {"classifier", 1, 1000, 2048, true},
    {"vgg_classifier", 1, 4096, 25088, false},
};

template <class Way>
void run_product(benchmark::State& state, const Way& way, const HalfProduct& p) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  Floats single(p.single ? size(p.m, p.k) : 1);
  const auto a = halves(size(p.m, p.k), way.type());
  const auto b = halves(way.packed(p.k, p.n), way.type());
  auto c = halves(size(p.m, p.n) * 2, way.type());
  const std::vector<float> bias(cpu::conv_packed_bias_size(p.n)), factors(bias.size(), 1.0F);
  cpu::GemmHalfArgs args;
  args.m = p.m;
  args.n = p.n;
  args.k = p.k;
  args.a = p.single ? static_cast<const void*>(single.data()) : a.data();
  args.a_single = args.c_single = p.single;
  args.b = b.data();
  args.factors = way.scaled() ? factors.data() : nullptr;
  args.bias = bias.data();
  args.c = c.data();
  Bytes scratch(way.scratch(args));
  for (auto _ : state) {
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()));
    benchmark::ClobberMemory();
  }
  way.report(state, 2.0 * p.m * p.n * p.k);
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
            [&kernel, &layer, config](benchmark::State& state) {
              run(state, ByVectors{kernel}, layer, config);
            });
      }
    }
  }
}

void register_gemm_half() {
  for (const cpu::ConvHalfKernel& kernel : cpu::conv_half_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const HalfProduct& product : kHalfProducts) {
      add(fmt::format("gemm_{}{}_{}/{}", kernel.type == DataType::bf16 ? "bf16" : "f16",
                      kernel.chained ? "_chained" : "", isa_name(kernel.info.isa), product.name),
          [&kernel, &product](benchmark::State& state) { run_product(state, ByVectors{kernel}, product); });
    }
  }
}

void register_matrix_bf16() {
  for (const cpu::MatrixBf16Kernel& kernel : cpu::matrix_bf16_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    add_matrix_layers(kernel.info.name, cpu::conv_matrix_bf16_configs,
                      [&kernel](benchmark::State& state, const ConvLayer& layer, const auto& config) {
                        run(state, ByMatrices{kernel}, layer, config);
                      });
    for (const HalfProduct& product : kHalfProducts) {
      add(fmt::format("gemm_{}/{}", kernel.info.name, product.name),
          [&kernel, &product](benchmark::State& state) { run_product(state, ByMatrices{kernel}, product); });
    }
  }
}

}  // namespace tenon::bench
