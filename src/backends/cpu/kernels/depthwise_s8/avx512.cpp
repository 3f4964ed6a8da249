#include "backends/cpu/kernels/bytes/avx512.hpp"

#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/turned_avx512.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even taps, then the odd ones.
struct PixelDot {
  using Acc = __m512i;
  struct X {
    __m512i even;
    __m512i odd;
  };
  static constexpr int kLanes = 16;
  static constexpr int kRows = 4;
  static constexpr int kPixels = 4;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return _mm512_loadu_si512(bias); }
  template <class... Part>
  static TENON_SIMD X turned(const std::uint8_t* pixels, Part... part) {
    const __m512i x = turned_pixels(pixels, part...);
    return {_mm512_and_si512(x, _mm512_set1_epi16(0xff)), _mm512_srli_epi16(x, 8)};
  }
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<0>, const std::int8_t* w) {
    const __m512i bytes = _mm512_loadu_si512(w);
    const __m512i even = _mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), odd = _mm512_srai_epi16(bytes, 8);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(x.even, even));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(x.odd, odd));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void depthwise_s8_avx512(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_avx512(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelDot>(rows); }

}  // namespace tenon::cpu
