#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/pointwise/generic.hpp"

namespace tenon::cpu {

const PointwiseRoutines& pointwise_f32_avx2() noexcept;

const PointwiseRoutines& pointwise_f32_avx2() noexcept { return kPointwiseRoutines; }

}  // namespace tenon::cpu
