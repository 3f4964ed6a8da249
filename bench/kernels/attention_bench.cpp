#include "backends/cpu/kernels/attention/attention.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

// Heads of 64 columns side by side, queries, keys and values in one tensor.
struct Shape {
  const char* name;
  int batch;
  int heads;
  int tokens;
  bool causal;
  bool padded = false;  // every second key is masked, as padding is
};

constexpr int kDepth = 64;
constexpr Shape kShapes[] = {{"bert_12x128", 1, 12, 128, false},
                             {"bert_8x12x128", 8, 12, 128, false},
                             {"bert_8x12x128_padded", 8, 12, 128, false, true},
                             {"vit_12x197", 1, 12, 197, false},
                             {"long_4x2048", 1, 4, 2048, false},
                             {"causal_4x2048", 1, 4, 2048, true}};

void run(benchmark::State& state, const cpu::AttentionKernel& kernel, const Shape& s) {
  const std::ptrdiff_t columns = static_cast<std::ptrdiff_t>(s.heads) * kDepth;
  const std::ptrdiff_t size = s.tokens * columns;
  Floats qkv(static_cast<std::size_t>(s.batch * 3 * size));
  Floats y(static_cast<std::size_t>(s.batch * size));
  cpu::AttentionArgs args;
  args.batch = s.batch;
  args.heads = args.kv_heads = s.heads;
  args.queries = args.keys = s.tokens;
  args.depth = args.value_depth = kDepth;
  args.scale = 0.125F;
  args.causal = s.causal;
  args.q = qkv.data();
  args.k = qkv.data() + columns;
  args.v = qkv.data() + 2 * columns;
  args.y = y.data();
  args.q_strides = args.k_strides = args.v_strides = {3 * size, kDepth, 3 * columns};
  args.y_strides = {size, kDepth, columns};
  Floats mask(static_cast<std::size_t>(s.tokens));
  for (int t = 0; t < s.tokens; ++t) mask.data()[t] = t % 2 == 0 ? 0.0F : -10000.0F;
  if (s.padded) args.mask = mask.data();
  const cpu::GemmKernel& gemm = *cpu::select_gemm(kernel.info.isa);
  Floats scratch(cpu::attention_scratch_size(args, pool().size()));
  for (auto _ : state) {
    cpu::attention_run(kernel, gemm, nullptr, args, scratch.data(), pool());
    benchmark::ClobberMemory();
  }
  // Of the two products; a causal run needs half of them.
  const double products = 4.0 * s.batch * s.heads * s.tokens * s.tokens * kDepth;
  report_flops(state, kernel.info, s.causal ? products / 2 : products);
}

}  // namespace

void register_attention() {
  for (const cpu::AttentionKernel& kernel : cpu::attention_kernels()) {
    if (!isa_supported(kernel.info.isa)) continue;
    for (const Shape& shape : kShapes) {
      add(fmt::format("{}/{}", kernel.info.name, shape.name),
          [&kernel, &shape](benchmark::State& state) { run(state, kernel, shape); });
    }
  }
}

}  // namespace tenon::bench
