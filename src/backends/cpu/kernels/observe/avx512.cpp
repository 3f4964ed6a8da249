#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

#include <bit>

namespace tenon::cpu {
namespace {

struct LeaveOutBin0 {
  static constexpr bool kCompacts = true;
  static TENON_SIMD int zeros(simd::I32 bins) {
    return std::popcount(static_cast<unsigned>(_mm512_testn_epi32_mask(bins.r, bins.r)));
  }
  static TENON_SIMD int compact(simd::I32 bins, std::int32_t* to) {
    const __mmask16 filled = _mm512_test_epi32_mask(bins.r, bins.r);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(filled, bins.r));
    return std::popcount(static_cast<unsigned>(filled));
  }
};

}  // namespace

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
void observe_drain_avx512(std::uint32_t* counters, std::uint64_t* bins) noexcept;

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range<LeaveOutBin0>(args, begin, end);
}

void observe_drain_avx512(std::uint32_t* counters, std::uint64_t* bins) noexcept {
  observe_drain_table(counters, bins);
}

}  // namespace tenon::cpu
