#include "backends/cpu/kernels/gemm_s8/gemm_s8.hpp"
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
    {"bert_attention", 128, 768, 768, true}, {"bert_attention_unsigned", 128, 768, 768, false},
    {"bert_up", 128, 3072, 768, true},       {"bert_down", 128, 768, 3072, true},
    {"vit_attention", 197, 768, 768, true},  {"square_1024", 1024, 1024, 1024, false},
    {"classifier", 1, 1000, 2048, false},    {"classifier_batch_8", 8, 1000, 2048, false},
};

void run(benchmark::State& state, const cpu::ConvS8Kernel& kernel, const ByteProduct& p) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  Bytes a(size(p.m, p.k)), b(cpu::gemm_s8_packed_size(p.k, p.n)), c(size(p.m, p.n));
  const std::vector<std::int32_t> bias(cpu::gemm_s8_packed_bias_size(p.n));
  const std::vector<float> multiplier(bias.size(), 1e-4F);
  cpu::GemmS8Args args{p.m,         p.n,         p.k,
                       a.data(),    p.is_signed, reinterpret_cast<std::int8_t*>(b.data()),
                       bias.data(), {},          c.data()};
  args.requantize.multiplier = multiplier.data();
  args.requantize.find_range(multiplier.size());
  args.requantize.to_bytes(-128, 127, 0);
  Bytes scratch(cpu::gemm_s8_scratch_size(args, pool().size()));
  for (auto _ : state) {
    cpu::gemm_s8_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  report_dot_ops(state, kernel.info, 2.0 * p.m * p.n * p.k);
}

}  // namespace

void register_gemm_s8() {
  for (const cpu::ConvS8Kernel& kernel : cpu::conv_s8_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const ByteProduct& product : kByteProducts) {
      add(fmt::format("gemm_s8_{}/{}", isa_name(kernel.info.isa), product.name),
          [&kernel, &product](benchmark::State& state) { run(state, kernel, product); });
    }
  }
}

}  // namespace tenon::bench
