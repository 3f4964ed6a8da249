#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_portable(const DepthwiseLine& line) noexcept;
void depthwise_f32_portable_rows(const DepthwiseRows& rows) noexcept;

void depthwise_f32_portable(const DepthwiseLine& line) noexcept { depthwise_line<simd::F32, 4>(line); }

void depthwise_f32_portable_rows(const DepthwiseRows& rows) noexcept { depthwise_rows<simd::F32, 4>(rows); }

}  // namespace tenon::cpu
