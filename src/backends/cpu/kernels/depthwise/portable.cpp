#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

const DepthwiseRoutines& depthwise_f32_portable() noexcept;

const DepthwiseRoutines& depthwise_f32_portable() noexcept { return kDepthwiseRoutines<simd::F32, 4, 4>; }

}  // namespace tenon::cpu
