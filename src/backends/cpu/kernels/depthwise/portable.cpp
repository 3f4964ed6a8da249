#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_portable(const DepthwiseRow& row) noexcept;

void depthwise_f32_portable(const DepthwiseRow& row) noexcept { depthwise_row<simd::F32, 4>(row); }

}  // namespace tenon::cpu
