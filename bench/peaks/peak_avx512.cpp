#include "backends/cpu/kernels/simd/avx512.hpp"
#include "peaks/peak_generic.hpp"

namespace tenon::bench {

double fma_chains_avx512(int rounds, float* sink) { return fma_chains<cpu::simd::F32>(rounds, sink); }
float read_all_avx512(const float* data, std::size_t count) { return read_all<cpu::simd::F32>(data, count); }

}  // namespace tenon::bench
