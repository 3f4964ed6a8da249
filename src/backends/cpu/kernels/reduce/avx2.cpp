#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/reduce/generic.hpp"

namespace tenon::cpu {

const ReduceRoutines& reduce_f32_avx2() noexcept;

const ReduceRoutines& reduce_f32_avx2() noexcept { return kReduceRoutines; }

}  // namespace tenon::cpu
