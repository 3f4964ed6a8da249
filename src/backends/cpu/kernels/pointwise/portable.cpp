#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/pointwise/generic.hpp"

namespace tenon::cpu {

const PointwiseRoutines& pointwise_f32_portable() noexcept;

const PointwiseRoutines& pointwise_f32_portable() noexcept { return kPointwiseRoutines; }

}  // namespace tenon::cpu
