#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/norm/generic.hpp"

namespace tenon::cpu {

const NormRoutines& norm_f32_portable() noexcept;

const NormRoutines& norm_f32_portable() noexcept { return kNormRoutines; }

}  // namespace tenon::cpu
