#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

const QuantizeRoutines& quantize_bytes_portable() noexcept;

const QuantizeRoutines& quantize_bytes_portable() noexcept { return kQuantizeRoutines; }

}  // namespace tenon::cpu
