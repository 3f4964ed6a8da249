#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

const DepthwiseRoutines& depthwise_f32_avx2() noexcept;

const DepthwiseRoutines& depthwise_f32_avx2() noexcept { return kDepthwiseRoutines<simd::F32, 8, 8>; }

}  // namespace tenon::cpu
