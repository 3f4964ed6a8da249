#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/gemm_stored/generic.hpp"

namespace tenon::cpu {
namespace {

struct StoredDot {
  struct Sums {
    __m256i high = _mm256_setzero_si256();
    __m256i middle = _mm256_setzero_si256();
    __m256i low = _mm256_setzero_si256();
  };
  using Weights = __m256i;
  struct X {
    __m256i high, middle, low;
  };
  static constexpr bool kWords = false;

  static TENON_SIMD Weights weights(simd::I32 bytes) { return bytes.r; }
  static TENON_SIMD __m256i four(const std::byte* from) {
    std::int32_t group;
    std::memcpy(&group, from, sizeof group);
    return _mm256_set1_epi32(group);
  }
  static TENON_SIMD X broadcast(const std::byte* a, std::ptrdiff_t plane) {
    return {four(a), four(a + plane), four(a + 2 * plane)};
  }
  static TENON_SIMD void dot(Sums& sum, const X& x, const Weights& w) {
    sum.high = _mm256_dpbusd_avx_epi32(sum.high, w, x.high);
    sum.middle = _mm256_dpbusd_avx_epi32(sum.middle, w, x.middle);
    sum.low = _mm256_dpbusd_avx_epi32(sum.low, w, x.low);
  }
  static TENON_SIMD simd::I32 high(const Sums& sum) { return {sum.high}; }
  static TENON_SIMD simd::I32 low(const Sums& sum) {
    return simd::shift_left<8>(simd::I32{sum.middle}) + simd::I32{sum.low};
  }
  static TENON_SIMD simd::I32 times(simd::I32 a, simd::I32 b) { return {_mm256_mullo_epi32(a.r, b.r)}; }
};

}  // namespace

void gemm_stored_avx2_vnni(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept;
void gemm_stored_avx2_vnni_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                    std::byte* to) noexcept;

void gemm_stored_avx2_vnni(const GemmStoredTile& tile, int bits, int rows, int panels) noexcept {
  stored_tile_of<StoredDot, 2, 1, 2>(tile, bits, rows, panels);
}

void gemm_stored_avx2_vnni_quantize(const float* a, int count, int padded, std::ptrdiff_t plane,
                                    std::byte* to) noexcept {
  stored_quantize<false>(a, count, padded, plane, to);
}

}  // namespace tenon::cpu
