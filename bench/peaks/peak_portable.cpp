#include "backends/cpu/kernels/simd/portable.hpp"
#include "peaks/peak_generic.hpp"

namespace tenon::bench {

double fma_chains_portable(int rounds, float* sink) { return fma_chains<cpu::simd::F32>(rounds, sink); }
float read_all_portable(const float* data, std::size_t count) {
  return read_all<cpu::simd::F32>(data, count);
}

}  // namespace tenon::bench
