#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct ColumnDot {
  using Acc = __m256i;
  using Weights = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kPixels = 6;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD Weights weights(const std::int8_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  }
  static TENON_SIMD Acc dot(Acc sum, const std::uint8_t* column, Weights w) {
    return _mm256_dpbusd_avx_epi32(sum, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(column)), w);
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
  static TENON_SIMD int interleave(const DepthwiseS8Row::Source*, int, std::uint8_t, std::uint8_t*) {
    return 0;
  }
};

}  // namespace

void depthwise_s8_avx2_vnni(const DepthwiseS8Row& row) noexcept;

void depthwise_s8_avx2_vnni(const DepthwiseS8Row& row) noexcept { depthwise_s8_row_of<ColumnDot>(row); }

}  // namespace tenon::cpu
