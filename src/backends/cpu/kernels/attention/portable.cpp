#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/attention/generic.hpp"

namespace tenon::cpu {

const AttentionRoutines& attention_f32_portable() noexcept;

const AttentionRoutines& attention_f32_portable() noexcept { return kAttentionRoutines; }

}  // namespace tenon::cpu
