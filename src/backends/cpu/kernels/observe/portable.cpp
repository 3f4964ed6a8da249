#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

namespace tenon::cpu {
Observation observe_f32_portable(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
void observe_drain_portable(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept;

Observation observe_f32_portable(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range<KeepAllBins>(args, begin, end);
}

void observe_drain_portable(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept {
  observe_drain_table(counters, bins, n);
}

}  // namespace tenon::cpu
