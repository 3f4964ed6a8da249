#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_portable(const DepthwiseLine& line) noexcept;

void depthwise_f32_portable(const DepthwiseLine& line) noexcept { depthwise_line<simd::F32, 4>(line); }

}  // namespace tenon::cpu
