#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

namespace tenon::cpu {
Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range(args, begin, end);
}

}  // namespace tenon::cpu
