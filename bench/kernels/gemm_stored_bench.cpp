#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"
#include "base/thread_pool.hpp"
#include "kernels/support.hpp"

#include <fmt/format.h>

namespace tenon::bench {

namespace {

struct StoredProduct {
  const char* name;
  int m;
  cpu::GemmStoredShape shape;
};

// Layers of language models of 7 billion (4096 wide, 11008 within) and of half a billion parameters (896,
// 4864).
constexpr StoredProduct kStoredProducts[] = {
    {"int4_b32_4096x11008_m1", 1, {11008, 4096, 4, 32}},
    {"int4_b128_4096x11008_m1", 1, {11008, 4096, 4, 128}},
    {"int8_4096x11008_m1", 1, {11008, 4096, 8, 0}},
    {"int8_b32_4096x11008_m1", 1, {11008, 4096, 8, 32}},
    {"int4_b32_896x4864_m1", 1, {4864, 896, 4, 32}},
    {"int8_896x4864_m1", 1, {4864, 896, 8, 0}},
    {"int4_b32_896x896_m1", 1, {896, 896, 4, 32}},
    {"int4_b32_4096x4096_m4", 4, {4096, 4096, 4, 32}},
    {"int4_b32_4096x4096_m16", 16, {4096, 4096, 4, 32}},
    {"int4_b32_4096x4096_m64", 64, {4096, 4096, 4, 32}},
    {"int4_b128_4096x4096_m64", 64, {4096, 4096, 4, 128}},
    {"int8_4096x4096_m4", 4, {4096, 4096, 8, 0}},
    {"int8_4096x4096_m64", 64, {4096, 4096, 8, 0}},
};

void run(benchmark::State& state, const cpu::GemmStoredKernel& kernel, const StoredProduct& p) {
  const auto size = [](int x, int y) { return static_cast<std::size_t>(x) * static_cast<std::size_t>(y); };
  Bytes weights(cpu::gemm_stored_packed_size(p.shape));
  Floats scales(cpu::gemm_stored_scales_size(p.shape)), a(size(p.m, p.shape.k)), c(size(p.m, p.shape.n));
  Bytes scratch(cpu::gemm_stored_scratch_size(p.shape, p.m));
  cpu::GemmStoredArgs args;
  args.shape = p.shape;
  args.m = p.m;
  args.a = a.data();
  args.weights = weights.data();
  args.scale = scales.data();
  args.one_zero = 1 << (p.shape.bits - 1);
  args.c = c.data();
  for (auto _ : state) {
    cpu::gemm_stored_run(kernel, args, reinterpret_cast<std::byte*>(scratch.data()), pool());
    benchmark::ClobberMemory();
  }
  // Of one row, the weights are what counts; of many, the arithmetic, as if it were done in floats.
  if (p.m == 1) {
    report_bytes(state, static_cast<double>(cpu::gemm_stored_packed_size(p.shape)) +
                            static_cast<double>(cpu::gemm_stored_scales_size(p.shape) * sizeof(float)));
  } else {
    report_flops(state, kernel.info, 2.0 * p.m * p.shape.n * p.shape.k);
  }
}

}  // namespace

void register_gemm_stored() {
  for (const cpu::GemmStoredKernel& kernel : cpu::gemm_stored_kernels()) {
    if (!isa_supported(kernel.info.isa) || kernel.info.isa == Isa::portable) continue;
    for (const StoredProduct& product : kStoredProducts) {
      add(fmt::format("gemm_stored_{}/{}", isa_name(kernel.info.isa), product.name),
          [&kernel, &product](benchmark::State& state) { run(state, kernel, product); });
    }
  }
}

}  // namespace tenon::bench
