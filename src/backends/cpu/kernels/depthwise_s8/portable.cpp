#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct ColumnDot {
  using Acc = simd::I32;
  struct Weights {
    const std::int8_t* at;
  };
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kPixels = 4;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias); }
  static TENON_SIMD Weights weights(const std::int8_t* w) { return {w}; }
  static TENON_SIMD Acc dot(Acc sum, const std::uint8_t* column, Weights w) {
    for (int i = 0; i < kLanes; ++i) {
      for (int tap = 0; tap < kS8Group; ++tap)
        sum.r[i] += column[i * kS8Group + tap] * w.at[i * kS8Group + tap];
    }
    return sum;
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return x; }
  static TENON_SIMD int interleave(const DepthwiseS8Row::Source*, int, std::uint8_t, std::uint8_t*) {
    return 0;
  }
};

}  // namespace

void depthwise_s8_portable(const DepthwiseS8Row& row) noexcept;

void depthwise_s8_portable(const DepthwiseS8Row& row) noexcept { depthwise_s8_row_of<ColumnDot>(row); }

}  // namespace tenon::cpu
