#include "backends/cpu/kernels/bytes/avx512.hpp"

#include "backends/cpu/kernels/norm/generic.hpp"

namespace tenon::cpu {

const NormRoutines& norm_f32_avx512() noexcept;

const NormRoutines& norm_f32_avx512() noexcept { return kNormRoutines; }

}  // namespace tenon::cpu
