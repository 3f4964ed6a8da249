#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/norm/generic.hpp"

namespace tenon::cpu {

const NormRoutines& norm_f32_avx2() noexcept;

const NormRoutines& norm_f32_avx2() noexcept { return kNormRoutines; }

}  // namespace tenon::cpu
