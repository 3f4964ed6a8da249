#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/reorder/generic.hpp"

namespace tenon::cpu {

const ReorderRoutines& reorder_f32_avx512() noexcept;

const ReorderRoutines& reorder_f32_avx512() noexcept { return kReorderRoutines; }

}  // namespace tenon::cpu
