// Dot products of four pixels of a channel, four bytes at a time. Include after a level's headers
// bytes/fours_*.hpp and depthwise_s8/*_turned.hpp.
#pragma once

#include "backends/cpu/kernels/depthwise_s8/generic.hpp"

namespace tenon::cpu {
namespace {

// Tiles of Side rows and pixels.
template <int Side>
struct PixelFours {
  using Acc = simd::I32;
  using X = TurnedPixels;
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kRows = Side;
  static constexpr int kPixels = Side;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias); }
  template <class... Edge>
  static TENON_SIMD X turned(const std::uint8_t* pixels, Edge... edge) {
    return turned_pixels(pixels, edge...);
  }
  template <int Part>
  static TENON_SIMD Acc dot(Acc sum, const X& x, Index<Part>, const std::int8_t* w) {
    return simd::add_fours(sum, x.part[Part], simd::I32::load(reinterpret_cast<const std::int32_t*>(w)));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return x; }
};

}  // namespace
}  // namespace tenon::cpu
