#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/attention/generic.hpp"

namespace tenon::cpu {

const AttentionRoutines& attention_f32_avx2() noexcept;

const AttentionRoutines& attention_f32_avx2() noexcept { return kAttentionRoutines; }

}  // namespace tenon::cpu
