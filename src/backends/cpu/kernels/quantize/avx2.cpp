#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

const QuantizeRoutines& quantize_bytes_avx2() noexcept;

const QuantizeRoutines& quantize_bytes_avx2() noexcept { return kQuantizeRoutines; }

}  // namespace tenon::cpu
