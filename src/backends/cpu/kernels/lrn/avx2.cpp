#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/lrn/generic.hpp"

namespace tenon::cpu {

const LrnRoutines& lrn_f32_avx2() noexcept;

const LrnRoutines& lrn_f32_avx2() noexcept { return kLrnRoutines; }

}  // namespace tenon::cpu
