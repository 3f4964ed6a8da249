#include "backends/cpu/kernels/simd/avx2.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

namespace tenon::cpu {
Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
void observe_drain_avx2(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept;

Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range<KeepAllBins>(args, begin, end);
}

void observe_drain_avx2(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept {
  observe_drain_table(counters, bins, n);
}

}  // namespace tenon::cpu
