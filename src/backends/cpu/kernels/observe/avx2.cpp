#include "backends/cpu/kernels/simd/avx2.hpp"

namespace tenon::cpu {
namespace {

TENON_SIMD int keep_counted(simd::I32 bins, std::int32_t* to) {
  bins.store(to);
  return simd::I32::kLanes;
}

}  // namespace
}  // namespace tenon::cpu

#include "backends/cpu/kernels/observe/generic.hpp"

namespace tenon::cpu {

Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

Observation observe_f32_avx2(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range(args, begin, end);
}

}  // namespace tenon::cpu
