#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
#include "backends/cpu/kernels/matrix_s8/gemm_matrix_s8.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

#include <vector>

namespace tenon::bench {

namespace {

struct ByteProduct {
  const char* name;
  int m, n, k;
  bool is_signed;
};

constexpr ByteProduct kByteProducts[] = {
    {"bert_attention", 128, 768, 768, true},
    {"bert_attention_unsigned", 128, 768, 768, false},
    {"bert_up", 128, 3072, 768, true},
    {"bert_down", 128, 768, 3072, true},
    {"vit_attention", 197, 768, 768, true},
    {"square_1024", 1024, 1024, 1024, false},
    {"bert_attention_8", 1024, 768, 768, true},
    {"bert_up_8", 1024, 3072, 768, true},
    {"bert_down_8", 1024, 768, 3072, true},
    {"classifier", 1, 1000, 2048, false},
    {"classifier_batch_8", 8, 1000, 2048, false},
};

struct ByVectors {
  const cpu::ConvS8Kernel& kernel;
  static std::size_t packed(int k, int n) { return cpu::gemm_s8_packed_size(k, n); }
  static std::size_t scratch(const cpu::GemmS8Args& args) {
    return cpu::gemm_s8_scratch_size(args, pool().size());
  }
  void run(const cpu::GemmS8Args& args, std::byte* memory) const {
    cpu::gemm_s8_run(kernel, args, memory, pool());
  }
};

struct ByMatrixTiles {
  const cpu::MatrixS8Kernel& kernel;
  static std::size_t packed(int k, int n) { return cpu::gemm_matrix_s8_packed_size(k, n); }
  static std::size_t scratch(const cpu::GemmS8Args& args) {
    return cpu::gemm_matrix_s8_scratch_size(args, pool().size());
  }
  void run(const cpu::GemmS8Args& args, std::byte* memory) const {
    cpu::gemm_matrix_s8_run(kernel, args, memory, pool());
  }
};

template <class Way>
void run(benchmark::State& state, const Way& way, const ByteProduct& p) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  Bytes a(size(p.m, p.k)), b(Way::packed(p.k, p.n)), c(size(p.m, p.n));
  const std::vector<std::int32_t> bias(cpu::gemm_s8_packed_bias_size(p.n));
  const std::vector<float> multiplier(bias.size(), 1e-4F);
  cpu::GemmS8Args args{p.m,         p.n,         p.k,
                       a.data(),    p.is_signed, reinterpret_cast<std::int8_t*>(b.data()),
                       bias.data(), {},          c.data()};
  args.requantize.multiplier = multiplier.data();
  args.requantize.find_range(multiplier.size());
  args.requantize.to_bytes(-128, 127, 0);
  Bytes scratch(Way::scratch(args));
  for (auto _ : state) {
    way.run(args, reinterpret_cast<std::byte*>(scratch.data()));
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, way.kernel.info, 2.0 * p.m * p.n * p.k);
}

template <class Way, class Kernel>
void register_ways(std::span<const Kernel> kernels) {
  for (const Kernel& kernel : kernels) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ByteProduct& product : kByteProducts) {
      const char* family = std::is_same_v<Way, ByMatrixTiles> ? "gemm_matrix_s8" : "gemm_s8";
      add(fmt::format("{}_{}/{}", family, isa_name(kernel.info.isa), product.name),
          [&kernel, &product](benchmark::State& state) { run(state, Way{kernel}, product); });
    }
  }
}

}  // namespace

void register_gemm_s8() {
  register_ways<ByVectors>(cpu::conv_s8_kernels());
  register_ways<ByMatrixTiles>(cpu::matrix_s8_kernels());
}

}  // namespace tenon::bench
