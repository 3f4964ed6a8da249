#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/pool/generic.hpp"

namespace tenon::cpu {

const PoolRoutines& pool_f32_avx2() noexcept;

const PoolRoutines& pool_f32_avx2() noexcept { return kPoolRoutines; }

}  // namespace tenon::cpu
