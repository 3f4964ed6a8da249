#include "backends/cpu/kernels/simd/avx512.hpp"

#include "backends/cpu/kernels/observe/generic.hpp"

#include <bit>

namespace tenon::cpu {
namespace {

class CountFrequentBins {
 public:
  static constexpr bool kCompacts = true;

  TENON_SIMD int frequent(simd::I32 bins) {
    const int others = std::popcount(static_cast<unsigned>(split(bins).others));
    spread_last(bins);
    return simd::I32::kLanes - others;
  }

  TENON_SIMD int count(simd::I32 bins, std::uint32_t* table, std::int32_t* others) {
    const Split lanes = split(bins);
    _mm512_storeu_si512(others, _mm512_maskz_compress_epi32(lanes.others, bins.r));
    const int filled = std::popcount(static_cast<unsigned>(lanes.filled));
    const int kept = std::popcount(static_cast<unsigned>(lanes.others));
    zeros_ += static_cast<std::uint32_t>(simd::I32::kLanes - filled);
    table[_mm512_cvtsi512_si32(last_)] += static_cast<std::uint32_t>(filled - kept);
    spread_last(bins);
    return kept;
  }

  void finish(std::uint32_t* table) const { table[0] += zeros_; }

 private:
  struct Split {
    __mmask16 filled;  // not bin 0
    __mmask16 others;  // nor that of the value before the vector
  };
  TENON_SIMD Split split(simd::I32 bins) const {
    const __mmask16 filled = _mm512_test_epi32_mask(bins.r, bins.r);
    return {filled, _mm512_mask_cmpneq_epi32_mask(filled, bins.r, last_)};
  }
  TENON_SIMD void spread_last(simd::I32 bins) {
    last_ = _mm512_maskz_permutexvar_epi32(0xFFFF, _mm512_set1_epi32(simd::I32::kLanes - 1), bins.r);
  }

  __m512i last_ = _mm512_setzero_si512();
  std::uint32_t zeros_ = 0;
};

}  // namespace

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept;
void observe_drain_avx512(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept;

Observation observe_f32_avx512(const ObserveArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return observe_range<CountFrequentBins>(args, begin, end);
}

void observe_drain_avx512(std::uint32_t* counters, std::uint64_t* bins, std::ptrdiff_t n) noexcept {
  observe_drain_table(counters, bins, n);
}

}  // namespace tenon::cpu
