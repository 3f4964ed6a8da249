#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

void depthwise_f32_avx512(const DepthwiseLine& line) noexcept;
void depthwise_f32_avx512_rows(const DepthwiseRows& rows) noexcept;

void depthwise_f32_avx512(const DepthwiseLine& line) noexcept { depthwise_line<simd::F32, 8>(line); }

void depthwise_f32_avx512_rows(const DepthwiseRows& rows) noexcept { depthwise_rows<simd::F32, 14>(rows); }

}  // namespace tenon::cpu
