#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/quantize/generic.hpp"

namespace tenon::cpu {

void quantize_u8_avx2(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

void quantize_u8_avx2(const QuantizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  quantize_range(args, begin, end);
}

}  // namespace tenon::cpu
