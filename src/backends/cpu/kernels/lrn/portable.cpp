#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/lrn/generic.hpp"

namespace tenon::cpu {

const LrnRoutines& lrn_f32_portable() noexcept;

const LrnRoutines& lrn_f32_portable() noexcept { return kLrnRoutines; }

}  // namespace tenon::cpu
