#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/depthwise_s8/edge.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/turned_avx2.hpp"

namespace tenon::cpu {
namespace {

struct PixelDot {
  using Acc = __m256i;
  using X = TurnedHalves;
  static constexpr int kLanes = 8;
  static constexpr int kRows = 2;
  static constexpr int kPixels = 2;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD X turned(const std::uint8_t* pixels, std::uint8_t flip) {
    return turned_pixels(pixels, flip);
  }
  static TENON_SIMD X turned(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                             std::uint8_t flip) {
    std::uint8_t own[kS8GroupWeights];
    copy_edge(pixels, begin, end, padding, own);
    return turned_pixels(own, flip);
  }
  template <int Part>
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<Part>, const std::int8_t* w) {
    return _mm256_dpbusd_avx_epi32(sum, x.part[Part],
                                   _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void depthwise_s8_avx2_vnni(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx2_vnni(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelDot>(rows); }

}  // namespace tenon::cpu
