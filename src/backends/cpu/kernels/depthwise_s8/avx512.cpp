#include "backends/cpu/kernels/bytes/avx512.hpp"

#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/interleave_avx512.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even taps, then the odd ones.
struct ColumnDot {
  using Acc = __m512i;
  struct Weights {
    __m512i even;
    __m512i odd;
  };
  static constexpr int kLanes = 16;
  static constexpr int kPixels = 12;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return _mm512_loadu_si512(bias); }
  static TENON_SIMD Weights weights(const std::int8_t* w) {
    const __m512i bytes = _mm512_loadu_si512(w);
    return {_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8), _mm512_srai_epi16(bytes, 8)};
  }
  static TENON_SIMD Acc dot(Acc sum, const std::uint8_t* column, Weights w) {
    const __m512i bytes = _mm512_loadu_si512(column);
    const __m512i even = _mm512_and_si512(bytes, _mm512_set1_epi16(0xff)), odd = _mm512_srli_epi16(bytes, 8);
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(even, w.even));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(odd, w.odd));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
  static TENON_SIMD int interleave(const DepthwiseS8Row::Source* rows, int columns, std::uint8_t flip,
                                   std::uint8_t* to) {
    return interleave_fours(rows, columns, flip, to);
  }
};

}  // namespace

void depthwise_s8_avx512(const DepthwiseS8Row& row) noexcept;

void depthwise_s8_avx512(const DepthwiseS8Row& row) noexcept { depthwise_s8_row_of<ColumnDot>(row); }

}  // namespace tenon::cpu
