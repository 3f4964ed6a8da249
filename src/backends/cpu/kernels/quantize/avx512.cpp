#include "backends/cpu/kernels/bytes/avx512.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

const QuantizeRoutines& quantize_bytes_avx512() noexcept;

const QuantizeRoutines& quantize_bytes_avx512() noexcept { return kQuantizeRoutines; }

}  // namespace tenon::cpu
