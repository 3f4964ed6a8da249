#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/gemm_stored/generic.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even places of 4, then the odd ones.
struct StoredDot {
  struct Sums {
    __m256i high = _mm256_setzero_si256();
    __m256i low = _mm256_setzero_si256();
  };
  struct Weights {
    __m256i even, odd;
  };
  struct X {
    __m256i high_even, high_odd, low_even, low_odd;
  };
  static constexpr bool kWords = true;

  static TENON_SIMD Weights weights(simd::I32 bytes) {
    return {(bytes & simd::I32::set1(0x00ff00ff)).r, _mm256_srli_epi16(bytes.r, 8)};
  }
  static TENON_SIMD X broadcast(const std::byte* a, std::ptrdiff_t plane) {
    std::int32_t high[2], low[2];
    std::memcpy(high, a, sizeof high);
    std::memcpy(low, a + plane, sizeof low);
    return {_mm256_set1_epi32(high[0]), _mm256_set1_epi32(high[1]), _mm256_set1_epi32(low[0]),
            _mm256_set1_epi32(low[1])};
  }
  static TENON_SIMD void dot(Sums& sum, const X& x, const Weights& w) {
    sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(w.even, x.high_even));
    sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(w.odd, x.high_odd));
    sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(w.even, x.low_even));
    sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(w.odd, x.low_odd));
  }
  static TENON_SIMD simd::I32 high(const Sums& sum) { return {sum.high}; }
  static TENON_SIMD simd::I32 low(const Sums& sum) { return {sum.low}; }
  static TENON_SIMD simd::I32 times(simd::I32 a, simd::I32 b) { return {_mm256_mullo_epi32(a.r, b.r)}; }
};

}  // namespace

void gemm_stored_avx2(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept;
void gemm_stored_avx2_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                               std::byte* to) noexcept;

void gemm_stored_avx2(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept {
  stored_tile_of<StoredDot, 2, 1, 1>(tile, bits, rows, panels);
}

void gemm_stored_avx2_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                               std::byte* to) noexcept {
  stored_quantize<true>(a, count, padded, plane, to);
}

}  // namespace tenon::cpu
