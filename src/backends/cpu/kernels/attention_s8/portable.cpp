#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/attention_s8/generic.hpp"

namespace tenon::cpu {

const AttentionS8Routines& attention_s8_portable() noexcept;

const AttentionS8Routines& attention_s8_portable() noexcept { return kAttentionS8Routines; }

}  // namespace tenon::cpu
