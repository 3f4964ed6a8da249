#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/turned_avx512.hpp"

namespace tenon::cpu {
namespace {

struct PixelDot {
  using Acc = __m512i;
  using X = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kRows = 4;
  static constexpr int kPixels = 4;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return _mm512_loadu_si512(bias); }
  template <class... Part>
  static TENON_SIMD X turned(const std::uint8_t* pixels, Part... part) {
    return turned_pixels(pixels, part...);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Index<0>, const std::int8_t* w) {
    return _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512(w));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void depthwise_s8_avx512_vnni(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx512_vnni(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelDot>(rows); }

}  // namespace tenon::cpu
