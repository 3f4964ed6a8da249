#include "backends/cpu/kernels/bytes/portable.hpp"

#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct DotOf {
  using Acc = simd::I32;
  struct Weights {
    const std::int8_t* at;
  };
  struct X {
    const std::uint8_t* at;
  };
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kElement = 1;
  static constexpr bool kHoldsWeights = true;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias); }
  static TENON_SIMD Weights weights(const std::int8_t* w) { return {w}; }
  static TENON_SIMD X broadcast(const std::uint8_t* x) { return {x}; }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) {
    for (int c = 0; c < kS8Group; ++c) {
      const simd::I32 column{{w.at[c], w.at[kS8Group + c], w.at[2 * kS8Group + c], w.at[3 * kS8Group + c]}};
      sum = sum + simd::I32{column.r * simd::I32::set1(x.at[c]).r};
    }
    return sum;
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return x; }
};

}  // namespace

void conv_s8_portable(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_portable_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                           void* dst) noexcept;

void conv_s8_portable(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  s8_tile_of<DotOf, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_s8_portable_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                           void* dst) noexcept {
  auto* to = static_cast<std::uint8_t*>(dst);
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(src[i] ^ flip);
}

}  // namespace tenon::cpu
