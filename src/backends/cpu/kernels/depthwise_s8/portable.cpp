#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/depthwise_s8/edge.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct PixelDot {
  using Acc = simd::I32;
  struct X {
    std::uint8_t turned[kS8GroupWeights];
  };
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kRows = 2;
  static constexpr int kPixels = 1;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias); }
  static TENON_SIMD X turned(const std::uint8_t* pixels, std::uint8_t flip) {
    X x;
    for (int c = 0; c < kChannelBlock; ++c) {
      for (int i = 0; i < kS8Group; ++i)
        x.turned[c * kS8Group + i] = static_cast<std::uint8_t>(pixels[i * kChannelBlock + c] ^ flip);
    }
    return x;
  }
  static TENON_SIMD X turned(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                             std::uint8_t flip) {
    std::uint8_t own[kS8GroupWeights];
    copy_edge(pixels, begin, end, padding, own);
    return turned(own, flip);
  }
  template <int Part>
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<Part>, const std::int8_t* w) {
    for (int i = 0; i < kLanes; ++i) {
      for (int tap = 0; tap < kS8Group; ++tap)
        sum.r[i] += x.turned[(Part * kLanes + i) * kS8Group + tap] * w[i * kS8Group + tap];
    }
    return sum;
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return x; }
};

}  // namespace

void depthwise_s8_portable(const DepthwiseS8Rows& rows) noexcept;

void depthwise_s8_portable(const DepthwiseS8Rows& rows) noexcept { depthwise_s8_rows_of<PixelDot>(rows); }

}  // namespace tenon::cpu
