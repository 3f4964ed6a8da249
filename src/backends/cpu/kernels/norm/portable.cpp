#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/norm/generic.hpp"

namespace tenon::cpu {

const NormRoutines& norm_f32_portable() noexcept;

const NormRoutines& norm_f32_portable() noexcept { return kNormRoutines; }

}  // namespace tenon::cpu
