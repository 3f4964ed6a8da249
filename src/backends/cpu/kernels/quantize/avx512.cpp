#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

void quantize_u8_avx512(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

void quantize_u8_avx512(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  quantize_range(args, begin, end);
}

}  // namespace tenon::cpu
