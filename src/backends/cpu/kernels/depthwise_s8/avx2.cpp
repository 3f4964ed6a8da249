#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even taps, then the odd ones.
struct ColumnDot {
  using Acc = __m256i;
  struct Weights {
    __m256i even;
    __m256i odd;
  };
  static constexpr int kLanes = 8;
  static constexpr int kPixels = 4;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD Weights weights(const std::int8_t* w) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static TENON_SIMD Acc dot(Acc sum, const std::uint8_t* column, Weights w) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(column));
    const __m256i even = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), odd = _mm256_srli_epi16(bytes, 8);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(even, w.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(odd, w.odd));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
  static TENON_SIMD int interleave(const DepthwiseS8Row::Source*, int, std::uint8_t, std::uint8_t*) {
    return 0;
  }
};

}  // namespace

void depthwise_s8_avx2(const DepthwiseS8Row& row) noexcept;

void depthwise_s8_avx2(const DepthwiseS8Row& row) noexcept { depthwise_s8_row_of<ColumnDot>(row); }

}  // namespace tenon::cpu
