#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/reduce/generic.hpp"

namespace tenon::cpu {

const ReduceRoutines& reduce_f32_portable() noexcept;

const ReduceRoutines& reduce_f32_portable() noexcept { return kReduceRoutines; }

}  // namespace tenon::cpu
