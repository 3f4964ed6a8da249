#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/lrn/generic.hpp"

namespace tenon::cpu {

const LrnRoutines& lrn_f32_avx512() noexcept;

const LrnRoutines& lrn_f32_avx512() noexcept { return kLrnRoutines; }

}  // namespace tenon::cpu
