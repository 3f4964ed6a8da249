#include "kernels/peak.hpp"

#include <algorithm>
#include <chrono>

namespace tenon::bench {

double fma_chains_portable(int rounds, float* sink);
double fma_chains_avx2(int rounds, float* sink);
double fma_chains_avx512(int rounds, float* sink);

namespace {

double measure(double (*chains)(int, float*)) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  float sink = 0;
  for (int i = 0; i < 20; ++i) {
    const Clock::time_point start = Clock::now();
    const double operations = chains(500'000, &sink);
    best = std::max(best, operations / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

double peak_flops(Isa level) {
#if TENON_HAS_ISA_AVX512
  if (level >= Isa::avx512 && isa_supported(Isa::avx512)) {
    static const double peak = measure(fma_chains_avx512);
    return peak;
  }
#endif
#if TENON_HAS_ISA_AVX2
  if (level >= Isa::avx2 && isa_supported(Isa::avx2)) {
    static const double peak = measure(fma_chains_avx2);
    return peak;
  }
#endif
  static const double peak = measure(fma_chains_portable);
  return peak;
}

}  // namespace tenon::bench
