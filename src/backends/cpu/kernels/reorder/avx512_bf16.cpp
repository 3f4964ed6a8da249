#include "backends/cpu/kernels/simd/avx512.hpp"
// Written against it:
#include "backends/cpu/kernels/reorder/generic.hpp"

namespace tenon::cpu {

const ReorderRoutines& reorder_f32_avx512_bf16() noexcept;

const ReorderRoutines& reorder_f32_avx512_bf16() noexcept { return kReorderRoutines; }

}  // namespace tenon::cpu
