#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

const DepthwiseRoutines& depthwise_f32_avx512() noexcept;

const DepthwiseRoutines& depthwise_f32_avx512() noexcept { return kDepthwiseRoutines<simd::F32, 8, 14>; }

}  // namespace tenon::cpu
