#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_avx2(const DepthwiseRow& row) noexcept;

void depthwise_f32_avx2(const DepthwiseRow& row) noexcept { depthwise_row<simd::F32, 8>(row); }

}  // namespace tenon::cpu
