#include "backends/cpu/kernels/simd/avx512_bf16.hpp"

#include "backends/cpu/kernels/depthwise/generic.hpp"

namespace tenon::cpu {

const DepthwiseRoutines& depthwise_f32_avx512_bf16() noexcept;

// Those of AVX-512 but for rounding to bf16, which is an instruction here.
const DepthwiseRoutines& depthwise_f32_avx512_bf16() noexcept { return kDepthwiseRoutines<simd::F32, 8, 14>; }

}  // namespace tenon::cpu
