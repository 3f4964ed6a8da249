#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/depthwise_s8/edge.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/turned_avx2.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even taps, then the odd ones.
struct PixelDot {
  using Acc = __m256i;
  struct X {
    __m256i even[2];
    __m256i odd[2];
  };
  static constexpr int kLanes = 8;
  static constexpr int kRows = 2;
  static constexpr int kPixels = 2;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD X turned(const std::uint8_t* pixels, std::uint8_t flip) {
    const TurnedHalves x = turned_pixels(pixels, flip);
    const __m256i low = _mm256_set1_epi16(0xff);
    return {{_mm256_and_si256(x.part[0], low), _mm256_and_si256(x.part[1], low)},
            {_mm256_srli_epi16(x.part[0], 8), _mm256_srli_epi16(x.part[1], 8)}};
  }
  static TENON_SIMD X turned(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                             std::uint8_t flip) {
    std::uint8_t own[kS8GroupWeights];
    copy_edge(pixels, begin, end, padding, own);
    return turned(own, flip);
  }
  template <int Part>
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<Part>, const std::int8_t* w) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), odd = _mm256_srai_epi16(bytes, 8);
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x.even[Part], even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x.odd[Part], odd));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void depthwise_s8_avx2(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx2(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelDot>(rows); }

}  // namespace tenon::cpu
