#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/norm/generic.hpp"

namespace tenon::cpu {

const NormRoutines& norm_f32_avx512() noexcept;

const NormRoutines& norm_f32_avx512() noexcept { return kNormRoutines; }

}  // namespace tenon::cpu
