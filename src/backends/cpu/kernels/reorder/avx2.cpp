#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/reorder/generic.hpp"

namespace tenon::cpu {

const ReorderRoutines& reorder_f32_avx2() noexcept;

const ReorderRoutines& reorder_f32_avx2() noexcept { return kReorderRoutines; }

}  // namespace tenon::cpu
