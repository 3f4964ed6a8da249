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
    const std::byte* at;
  };
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kGroup = kS8Group;
  static constexpr int kElement = 1;
  static constexpr bool kHoldsWeights = true;
  static constexpr bool kIsNarrow = false;

  static TENON_SIMD Weights weights(const std::int8_t* w) { return {w}; }
  static TENON_SIMD X broadcast(const std::byte* x) { return {x}; }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) {
    for (int c = 0; c < kS8Group; ++c) {
      const simd::I32 column{{w.at[c], w.at[kS8Group + c], w.at[2 * kS8Group + c], w.at[3 * kS8Group + c]}};
      sum = sum + simd::I32{column.r * simd::I32::set1(std::to_integer<int>(x.at[c])).r};
    }
    return sum;
  }
};

}  // namespace

void conv_s8_portable(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_portable_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                           void* dst) noexcept;

void conv_s8_portable(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<S8Tiles<DotOf>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_s8_portable_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                           void* dst) noexcept {
  auto* to = static_cast<std::uint8_t*>(dst);
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(src[i] ^ flip);
}

}  // namespace tenon::cpu
