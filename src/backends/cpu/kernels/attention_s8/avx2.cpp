#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/attention_s8/generic.hpp"

namespace tenon::cpu {

const AttentionS8Routines& attention_s8_avx2() noexcept;

const AttentionS8Routines& attention_s8_avx2() noexcept { return kAttentionS8Routines; }

}  // namespace tenon::cpu
