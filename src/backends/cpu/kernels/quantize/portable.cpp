#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

void quantize_u8_portable(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

void quantize_u8_portable(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  quantize_range(args, begin, end);
}

}  // namespace tenon::cpu
