#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/attention/generic.hpp"

namespace tenon::cpu {

const AttentionRoutines& attention_f32_avx512() noexcept;

const AttentionRoutines& attention_f32_avx512() noexcept { return kAttentionRoutines; }

}  // namespace tenon::cpu
