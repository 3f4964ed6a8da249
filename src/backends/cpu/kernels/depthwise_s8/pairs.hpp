// Dot products of four pixels of a channel by pairs of 16-bit integers: the even pixels, then the odd ones.
// Include after a level's headers bytes/*.hpp and depthwise_s8/*_turned.hpp.
#pragma once

#include "backends/cpu/kernels/bytes/pairs.hpp"
#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

// Tiles of Side rows and pixels.
template <int Side>
struct PixelPairs {
  using Acc = simd::I32;
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kRows = Side;
  static constexpr int kPixels = Side;
  struct X {
    simd::I32 even[kChannelBlock / kLanes];
    simd::I32 odd[kChannelBlock / kLanes];
  };

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias); }
  template <class... Edge>
  static TENON_SIMD X turned(const std::uint8_t* pixels, Edge... edge) {
    const TurnedPixels turned = turned_pixels(pixels, edge...);
    X x;
    unroll<kChannelBlock / kLanes>([&](auto i) TENON_INLINE_LAMBDA {
      x.even[i.value] = simd::even_unsigned(turned.part[i.value]);
      x.odd[i.value] = simd::odd_unsigned(turned.part[i.value]);
    });
    return x;
  }
  template <int Part>
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<Part>, const std::int8_t* w) {
    const simd::I32 bytes = simd::I32::load(reinterpret_cast<const std::int32_t*>(w));
    sum = simd::add_pairs(sum, x.even[Part], simd::even_signed(bytes));
    return simd::add_pairs(sum, x.odd[Part], simd::odd_signed(bytes));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return x; }
};

}  // namespace
}  // namespace tenon::cpu
