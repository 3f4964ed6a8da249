#include "peaks/peak.hpp"

#include "base/aligned_buffer.hpp"
#include "peaks/loops.hpp"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace tenon::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRuns = 20;

// The best of several runs in which all threads do body(thread) at the same time; it returns the work done.
template <class Body>
double best_rate(int threads, const Body& body) {
  std::barrier line(threads);
  std::vector<std::vector<double>> rates(static_cast<std::size_t>(threads), std::vector<double>(kRuns));
  const auto work = [&](int thread) {
    for (int run = 0; run < kRuns; ++run) {
      line.arrive_and_wait();
      const Clock::time_point start = Clock::now();
      const double done = body(thread);
      rates[static_cast<std::size_t>(thread)][static_cast<std::size_t>(run)] =
          done / std::chrono::duration<double>(Clock::now() - start).count();
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
  work(0);
  for (std::thread& other : others) other.join();
  double best = 0;
  for (std::size_t run = 0; run < kRuns; ++run) {
    best = std::max(best, std::accumulate(rates.begin(), rates.end(), 0.0,
                                          [&](double sum, const auto& rate) { return sum + rate[run]; }));
  }
  return best;
}

using Loop = double (*)(int rounds, float* sink);

Loop fma_loop(Isa level) {
#if TENON_HAS_ISA_AVX512
  if (level >= Isa::avx512 && isa_supported(Isa::avx512)) return fma_chains_avx512;
#endif
#if TENON_HAS_ISA_AVX2
  if (level >= Isa::avx2 && isa_supported(Isa::avx2)) return fma_chains_avx2;
#endif
  static_cast<void>(level);
  return fma_chains_portable;
}

Loop dot_loop(Isa level) {
#if TENON_HAS_ISA_AMX
  if (level == Isa::amx && isa_supported(level)) return dot_chains_amx;
#endif
#if TENON_HAS_ISA_AVX512_FP16
  if (level == Isa::avx512_fp16 && isa_supported(level)) return dot_chains_avx512_fp16;
#endif
#if TENON_HAS_ISA_AVX512_BF16
  if (level == Isa::avx512_bf16 && isa_supported(level)) return dot_chains_avx512_bf16;
#endif
#if TENON_HAS_ISA_AVX512_VNNI
  if (level == Isa::avx512_vnni && isa_supported(level)) return dot_chains_avx512_vnni;
#endif
#if TENON_HAS_ISA_AVX2_VNNI
  if (level == Isa::avx2_vnni && isa_supported(level)) return dot_chains_avx2_vnni;
#endif
  static_cast<void>(level);
  return nullptr;
}

double rate_of(Loop loop, int threads) {
  constexpr int kRounds = 500'000;
  return best_rate(threads, [loop](int) {
    float sink = 0;
    return loop(kRounds, &sink);
  });
}

using Reader = float (*)(const float* data, std::size_t count);

Reader reader() {
#if TENON_HAS_ISA_AVX512
  if (isa_supported(Isa::avx512)) return read_all_avx512;
#endif
#if TENON_HAS_ISA_AVX2
  if (isa_supported(Isa::avx2)) return read_all_avx2;
#endif
  return read_all_portable;
}

}  // namespace

double peak_flops(Isa level, int threads) { return rate_of(fma_loop(level), threads); }

double peak_dot_ops(Isa level, int threads) {
  const Loop loop = dot_loop(level);
  return loop == nullptr ? 0 : rate_of(loop, threads);
}

double read_bandwidth(std::size_t bytes_each, int threads) {
  constexpr std::size_t kBytesPerRun = std::size_t{64} << 20;
  const std::size_t count = bytes_each / sizeof(float) / kReadStep * kReadStep;
  const std::size_t repeats = std::max<std::size_t>(1, kBytesPerRun / bytes_each);
  std::vector<AlignedBuffer> buffers;
  for (int thread = 0; thread < threads; ++thread) {
    buffers.emplace_back(bytes_each);
    std::fill_n(buffers.back().as<float>(), count, 0.0F);
  }
  const Reader read = reader();
  return best_rate(threads, [&](int thread) {
    // Volatile, so that no reading is left out.
    volatile float sink = 0;
    for (std::size_t i = 0; i < repeats; ++i) {
      sink = sink + read(buffers[static_cast<std::size_t>(thread)].as<float>(), count);
    }
    return static_cast<double>(count * sizeof(float) * repeats);
  });
}

}  // namespace tenon::bench
