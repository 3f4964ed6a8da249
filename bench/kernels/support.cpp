#include "kernels/support.hpp"

#include "base/thread_pool.hpp"
#include "peaks/peak.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace tenon::bench {

namespace {

// Of all threads together, where each has its part of `bytes`; measured once per kind of memory.
double bandwidth_for(double bytes) {
  static std::map<std::size_t, double> known;
  const int threads = pool().size();
  const CpuInfo& cpu = cpu_info();
  const double each = bytes / threads;
  const std::size_t part =
      each <= static_cast<double>(cpu.l1d_bytes)  ? cpu.l1d_bytes / 2
      : each <= static_cast<double>(cpu.l2_bytes) ? cpu.l2_bytes / 2
      : bytes <= static_cast<double>(cpu.l3_bytes)
          ? std::max(cpu.l3_bytes / 2 / static_cast<std::size_t>(threads), 2 * cpu.l2_bytes)
          : 8 * cpu.l3_bytes / static_cast<std::size_t>(threads);
  double& bandwidth = known[part];
  if (bandwidth == 0) bandwidth = read_bandwidth(part, threads);
  return bandwidth;
}

}  // namespace

ThreadPool& pool() { return default_thread_pool(); }

Floats::Floats(std::size_t count) : memory_(count * sizeof(float)) {
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> values(-0.1F, 0.1F);
  for (std::size_t i = 0; i < count; ++i) data()[i] = values(random);
}

Bytes::Bytes(std::size_t count) : storage_(count / sizeof(float) + 1) {
  std::minstd_rand random(1);
  for (std::size_t i = 0; i < count; ++i) data()[i] = static_cast<std::uint8_t>(random() >> 8);
}

void add(const std::string& name, std::function<void(benchmark::State&)> body) {
  benchmark::internal::Benchmark* registered = benchmark::RegisterBenchmark(name.c_str(), std::move(body));
  registered->Unit(benchmark::kMicrosecond);
  if (pool().size() > 1) registered->UseRealTime();
}

void report_flops(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration) {
  using benchmark::Counter;
  const double peak = peak_flops(kernel.isa, pool().size());
  state.counters["GFLOP/s"] = Counter(flops_per_iteration * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(flops_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

void report_dot_ops(benchmark::State& state, const cpu::KernelInfo& kernel, double ops_per_iteration) {
  using benchmark::Counter;
  static std::map<Isa, double> known;
  state.counters["GOP/s"] = Counter(ops_per_iteration * 1e-9, Counter::kIsIterationInvariantRate);
  double& peak = known[kernel.isa];
  if (peak == 0) peak = peak_dot_ops(kernel.isa, pool().size());
  if (peak > 0)
    state.counters["of_peak"] = Counter(ops_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

void report_share_done(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration) {
  using benchmark::Counter;
  const double peak = peak_flops(kernel.isa, pool().size());
  state.counters["done_of_peak"] = Counter(flops_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

void report_bytes(benchmark::State& state, double bytes_per_iteration) {
  using benchmark::Counter;
  const double peak = bandwidth_for(bytes_per_iteration);
  state.counters["GB/s"] = Counter(bytes_per_iteration * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(bytes_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

}  // namespace tenon::bench
