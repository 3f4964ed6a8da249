#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/pool/generic.hpp"

namespace tenon::cpu {

const PoolRoutines& pool_f32_portable() noexcept;

const PoolRoutines& pool_f32_portable() noexcept { return kPoolRoutines; }

}  // namespace tenon::cpu
