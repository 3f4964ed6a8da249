// What kernel benchmarks share.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"
#include "base/aligned_buffer.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace tenon {
class ThreadPool;
}

namespace tenon::bench {

// TENON_THREADS threads, as everywhere.
ThreadPool& pool();

// Floats of small random values, in memory like that of an engine.
class Floats {
 public:
  explicit Floats(std::size_t count);
  float* data() { return memory_.as<float>(); }

 private:
  AlignedBuffer memory_;
};

// Random bytes, aligned to a cache line.
class Bytes {
 public:
  explicit Bytes(std::size_t count);
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(storage_.data()); }

 private:
  Floats storage_;
};

// Registers a benchmark that is timed by the clock on several threads, and by processor time on one, where it
// is less disturbed.
void add(const std::string& name, std::function<void(benchmark::State&)> body);

// Adds the counters GFLOP/s and, as a share of the peak of the kernel's level on all threads of pool(),
// "of_peak". The peak is measured right after each run: clocks move.
void report_flops(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration);

// Adds the counter "done_of_peak": the same for the operations that an algorithm with fewer really does.
void report_share_done(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration);

// Adds the counters GOP/s and, as a share of the measured peak of dot products of the kernel's level,
// where it has such, "of_peak".
void report_dot_ops(benchmark::State& state, const cpu::KernelInfo& kernel, double ops_per_iteration);

// Adds the counters GB/s and, as a share of the measured bandwidth of the smallest memory that holds as many
// bytes on pool(), "of_peak". Benchmarks repeat themselves, so what they touch stays there.
void report_bytes(benchmark::State& state, double bytes_per_iteration);

// Each family registers one benchmark per kernel that this machine runs and per shape.
void register_gemm();
void register_gemm_s8();
void register_gemm_stored();
void register_attention();
void register_conv();
void register_conv_nchw();
void register_conv_half();
void register_gemm_half();
void register_conv_s8();
void register_matrix_s8();
void register_matrix_bf16();
void register_depthwise();
void register_depthwise_s8();
void register_deconv();
void register_winograd();
void register_winograd_s8();
void register_pointwise();
void register_pool();
void register_softmax();
void register_norm();
void register_reduce();
void register_reorder();
void register_resize();

}  // namespace tenon::bench
