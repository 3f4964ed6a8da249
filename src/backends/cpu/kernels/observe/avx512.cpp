#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

#include <bit>

namespace tenon::cpu {
namespace {

class CompactedRuns {
 public:
  static constexpr bool kFinds = true;

  TENON_SIMD int repeats(simd::I32 bins) { return simd::I32::kLanes - std::popcount(starts(bins)); }

  TENON_SIMD int begins(simd::I32 bins, int at, std::int32_t* words) {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i places =
        _mm512_maskz_slli_epi32(kAll, _mm512_add_epi32(lanes, _mm512_set1_epi32(at)), kRunShift);
    const unsigned mask = starts(bins);
    _mm512_storeu_si512(
        words, _mm512_maskz_compress_epi32(static_cast<__mmask16>(mask), _mm512_or_si512(bins.r, places)));
    return std::popcount(mask);
  }

 private:
  // GCC warns of what unmasked forms leave undefined.
  static constexpr __mmask16 kAll = 0xFFFF;

  // Lanes that are not like the one before; no bin is -1.
  TENON_SIMD unsigned starts(simd::I32 bins) {
    constexpr int kLast = simd::I32::kLanes - 1;
    const __m512i shifted = _mm512_maskz_alignr_epi32(kAll, bins.r, before_, kLast);
    before_ = bins.r;
    return static_cast<unsigned>(_mm512_cmpneq_epi32_mask(bins.r, shifted));
  }

  __m512i before_ = _mm512_set1_epi32(-1);
};

}  // namespace

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range<CompactedRuns>(args, begin, end);
}

}  // namespace tenon::cpu
