#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/pointwise/generic.hpp"

namespace tenon::cpu {

const PointwiseRoutines& pointwise_f32_avx512() noexcept;

const PointwiseRoutines& pointwise_f32_avx512() noexcept { return kPointwiseRoutines; }

}  // namespace tenon::cpu
