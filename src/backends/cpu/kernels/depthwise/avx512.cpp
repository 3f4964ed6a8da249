#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_avx512(const DepthwiseLine& line) noexcept;

void depthwise_f32_avx512(const DepthwiseLine& line) noexcept { depthwise_line<simd::F32, 8>(line); }

}  // namespace tenon::cpu
