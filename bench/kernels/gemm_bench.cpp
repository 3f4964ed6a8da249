#include "backends/cpu/kernels/gemm/gemm.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct Shape {
  const char* name;
  int m;
  int n;
  int k;
  bool packed;        // B is a constant
  bool cold = false;  // that comes from memory, as in a network whose weights no cache holds
};

// Constants that are used in turn where they are to be cold: more than the last cache.
constexpr std::size_t kColdConstants = (std::size_t{128} << 20) / sizeof(float);

constexpr Shape kShapes[] = {
    {"square_512", 512, 512, 512, false},           {"square_1024", 1024, 1024, 1024, false},
    {"square_1024_packed", 1024, 1024, 1024, true}, {"bert_qkv", 128, 768, 768, true},
    {"bert_qkv_cold", 128, 768, 768, true, true},   {"bert_up", 128, 3072, 768, true},
    {"bert_up_cold", 128, 3072, 768, true, true},   {"bert_down", 128, 768, 3072, true},
    {"bert_down_cold", 128, 768, 3072, true, true}, {"bert_up_batch8", 1024, 3072, 768, true},
    {"bert_down_batch8", 1024, 768, 3072, true},    {"attention_scores", 128, 128, 64, false},
    {"classifier_batch1", 1, 1000, 2048, true},     {"classifier_batch8", 8, 1000, 2048, true},
};

void run(benchmark::State& state, const cpu::GemmKernel& kernel, const Shape& s) {
  const auto size = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  Floats a(size(s.m, s.k));
  const std::size_t constant = s.packed ? cpu::gemm_packed_b_size(s.k, s.n) : size(s.k, s.n);
  const std::size_t copies = s.cold ? kColdConstants / constant + 1 : 1;
  Floats b(copies * constant);
  Floats c(size(s.m, s.n));
  Floats bias(static_cast<std::size_t>(s.n));
  cpu::GemmArgs args;
  args.m = s.m;
  args.n = s.n;
  args.k = s.k;
  args.a = {a.data(), s.k, 0, false, false};
  args.b = {nullptr, s.n, 0, false, s.packed};
  args.c = c.data();
  args.ldc = s.n;
  args.bias = bias.data();
  args.bias_axis = cpu::GemmArgs::Bias::per_column;
  args.act = cpu::Activation::relu();
  Floats scratch(cpu::gemm_scratch_size(args, pool().size()));
  std::size_t copy = 0;
  for (auto _ : state) {
    args.b.data = b.data() + copy * constant;
    copy = copy + 1 < copies ? copy + 1 : 0;
    cpu::gemm_run(kernel, args, scratch.data(), pool());
    benchmark::ClobberMemory();
  }
  report_flops(state, kernel.info, 2.0 * s.m * s.n * s.k);
}

}  // namespace

void register_gemm() {
  for (const cpu::GemmKernel& kernel : cpu::gemm_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
