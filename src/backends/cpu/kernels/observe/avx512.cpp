#include "backends/cpu/kernels/simd/avx512.hpp"

#include <bit>

namespace tenon::cpu {
namespace {

TENON_SIMD int keep_counted(simd::I32 bins, std::int32_t* to) {
  const __mmask16 filled = _mm512_test_epi32_mask(bins.r, bins.r);
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(filled, bins.r));
  return std::popcount(static_cast<unsigned>(filled));
}

}  // namespace
}  // namespace tenon::cpu

#include "backends/cpu/kernels/observe/generic.hpp"

namespace tenon::cpu {

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range(args, begin, end);
}

}  // namespace tenon::cpu
