// Kernel benchmarks: tenon_kernel_bench [--benchmark_filter=conv.*avx512] [--benchmark_repetitions=5 ...].
// TENON_THREADS sets the threads.
#include "kernels/support.hpp"

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  tenon::bench::register_gemm();
  tenon::bench::register_gemm_s8();
  tenon::bench::register_gemm_stored();
  tenon::bench::register_attention();
  tenon::bench::register_conv();
  tenon::bench::register_conv_nchw();
  tenon::bench::register_conv_half();
  tenon::bench::register_gemm_half();
  tenon::bench::register_conv_s8();
  tenon::bench::register_matrix_s8();
  tenon::bench::register_matrix_bf16();
  tenon::bench::register_depthwise();
  tenon::bench::register_depthwise_s8();
  tenon::bench::register_deconv();
  tenon::bench::register_winograd();
  tenon::bench::register_winograd_s8();
  tenon::bench::register_pointwise();
  tenon::bench::register_pool();
  tenon::bench::register_softmax();
  tenon::bench::register_norm();
  tenon::bench::register_reduce();
  tenon::bench::register_reorder();
  tenon::bench::register_resize();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
