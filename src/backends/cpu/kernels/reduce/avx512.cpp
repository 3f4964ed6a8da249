#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/reduce/generic.hpp"

namespace tenon::cpu {

const ReduceRoutines& reduce_f32_avx512() noexcept;

const ReduceRoutines& reduce_f32_avx512() noexcept { return kReduceRoutines; }

}  // namespace tenon::cpu
