#include "kernels/support.hpp"

#include "base/thread_pool.hpp"
#include "peaks/peak.hpp"

#include <new>
#include <random>
#include <utility>

namespace tenon::bench {

namespace {
constexpr std::align_val_t kAlignment{64};
}

ThreadPool& pool() { return default_thread_pool(); }

void Floats::Free::operator()(float* p) const { ::operator delete[](p, kAlignment); }

Floats::Floats(std::size_t count)
    : data_(static_cast<float*>(::operator new[](count * sizeof(float), kAlignment))) {
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> values(-0.1F, 0.1F);
  for (std::size_t i = 0; i < count; ++i) data_[i] = values(random);
}

void add(const std::string& name, std::function<void(benchmark::State&)> body) {
  benchmark::internal::Benchmark* registered = benchmark::RegisterBenchmark(name.c_str(), std::move(body));
  registered->Unit(benchmark::kMicrosecond);
  if (pool().size() > 1) registered->UseRealTime();
}

void report_flops(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration) {
  using benchmark::Counter;
  const double peak = peak_flops(kernel.isa) * pool().size();
  state.counters["GFLOP/s"] = Counter(flops_per_iteration * 1e-9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(flops_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

void report_share_done(benchmark::State& state, const cpu::KernelInfo& kernel, double flops_per_iteration) {
  using benchmark::Counter;
  const double peak = peak_flops(kernel.isa) * pool().size();
  state.counters["done_of_peak"] = Counter(flops_per_iteration / peak, Counter::kIsIterationInvariantRate);
}

void report_bytes(benchmark::State& state, double bytes_per_iteration) {
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(bytes_per_iteration * 1e-9, Counter::kIsIterationInvariantRate);
}

}  // namespace tenon::bench
