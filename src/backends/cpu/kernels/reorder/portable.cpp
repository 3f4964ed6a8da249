#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/reorder/generic.hpp"

namespace tenon::cpu {

const ReorderRoutines& reorder_f32_portable() noexcept;

const ReorderRoutines& reorder_f32_portable() noexcept { return kReorderRoutines; }

}  // namespace tenon::cpu
