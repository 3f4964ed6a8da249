#include "backends/cpu/kernels/simd/avx2.hpp"
#include "kernels/peak_generic.hpp"

namespace tenon::bench {

double fma_chains_avx2(int rounds, float* sink);
double fma_chains_avx2(int rounds, float* sink) { return fma_chains<cpu::simd::F32>(rounds, sink); }

}  // namespace tenon::bench
