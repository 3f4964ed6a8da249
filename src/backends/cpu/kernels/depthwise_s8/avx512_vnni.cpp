#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/interleave_avx512.hpp"

namespace tenon::cpu {
namespace {

struct ColumnDot {
  using Acc = __m512i;
  using Weights = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kPixels = 14;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return _mm512_loadu_si512(bias); }
  static TENON_SIMD Weights weights(const std::int8_t* w) { return _mm512_loadu_si512(w); }
  static TENON_SIMD Acc dot(Acc sum, const std::uint8_t* column, Weights w) {
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(column), w);
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
  static TENON_SIMD int interleave(const DepthwiseS8Row::Source* rows, int columns, std::uint8_t flip,
                                   std::uint8_t* to) {
    return interleave_fours(rows, columns, flip, to);
  }
};

}  // namespace

void depthwise_s8_avx512_vnni(const DepthwiseS8Row& row) noexcept;

void depthwise_s8_avx512_vnni(const DepthwiseS8Row& row) noexcept { depthwise_s8_row_of<ColumnDot>(row); }

}  // namespace tenon::cpu
