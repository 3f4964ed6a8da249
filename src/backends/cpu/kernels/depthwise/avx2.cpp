#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_avx2(const DepthwiseLine& line) noexcept;
void depthwise_f32_avx2_rows(const DepthwiseRows& rows) noexcept;

void depthwise_f32_avx2(const DepthwiseLine& line) noexcept { depthwise_line<simd::F32, 8>(line); }

void depthwise_f32_avx2_rows(const DepthwiseRows& rows) noexcept { depthwise_rows<simd::F32, 8>(rows); }

}  // namespace tenon::cpu
