#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/pool/generic.hpp"

namespace tenon::cpu {

const PoolRoutines& pool_f32_avx512() noexcept;

const PoolRoutines& pool_f32_avx512() noexcept { return kPoolRoutines; }

}  // namespace tenon::cpu
