// depthwise.hpp's line over a vector type of simd/. An ISA file instantiates depthwise_line<V, pixels>.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/depthwise/depthwise.hpp"

namespace tenon::cpu {
namespace {

// `Pixels` pixels from `first` on, the channels of one vector. Taps and Stride are taps_w and the distance of
// pixels in src where dst is a row without gaps and the taps lie side by side; else they are 0. Where they
// are known a pixel of src is loaded once for all taps of a row.
template <class V, int Taps, int Stride, int Pixels>
void depthwise_pixels(const DepthwiseLine& t, int first, int lane) {
  const std::ptrdiff_t src_pixel = Taps > 0 ? Stride * kChannelBlock : t.src_pixel;
  const std::ptrdiff_t dst_pixel = Taps > 0 ? kChannelBlock : t.dst_pixel;
  const std::ptrdiff_t at = first * dst_pixel + lane;
  V acc[Pixels];
  const V bias = t.bias ? V::load(t.bias + lane) : V::zero();
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value] = bias; });
  if (t.residual) {
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      acc[p.value] = acc[p.value] + V::load(t.residual + at + p.value * dst_pixel);
    });
  }

  for (int h = 0; h < t.taps_h; ++h) {
    const float* src = t.src + first * src_pixel + h * t.src_tap_h + lane;
    const float* weights = t.weights + h * t.weights_tap_h + lane;
    const auto tap = [&](const float* from, const float* weight) TENON_INLINE_LAMBDA {
      const V w = V::load(weight);
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
        acc[p.value] = fma(V::load(from + p.value * src_pixel), w, acc[p.value]);
      });
    };
    if constexpr (Taps > 0) {
      unroll<Taps>([&](auto w) TENON_INLINE_LAMBDA {
        tap(src + w.value * kChannelBlock, weights + w.value * kChannelBlock);
      });
    } else {
      for (int w = 0; w < t.taps_w; ++w) tap(src + w * t.src_tap_w, weights + w * kChannelBlock);
    }
  }

  activate(acc, t.act);
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value].store(t.dst + at + p.value * dst_pixel); });
}

// The line in tiles of at most MaxPixels, as equal as can be: a tile of few pixels waits for its own sums.
template <class V, int Taps, int Stride, int MaxPixels>
void depthwise_tiles(const DepthwiseLine& t) {
  using Tile = void (*)(const DepthwiseLine&, int, int);
  struct Table {
    Tile tile[MaxPixels] = {};
  };
  static constexpr Table table = [] {
    Table all;
    unroll<MaxPixels>([&](auto p) TENON_INLINE_LAMBDA {
      all.tile[p.value] = depthwise_pixels<V, Taps, Stride, p.value + 1>;
    });
    return all;
  }();
  int tiles = (t.pixels + MaxPixels - 1) / MaxPixels;
  for (int first = 0; tiles > 0; --tiles) {
    const int pixels = (t.pixels - first + tiles - 1) / tiles;
    for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) table.tile[pixels - 1](t, first, lane);
    first += pixels;
  }
}

template <class V, int MaxPixels>
inline __attribute__((always_inline)) void depthwise_line(const DepthwiseLine& t) noexcept {
  const bool row = t.src_tap_w == kChannelBlock && t.dst_pixel == kChannelBlock;
  if (row && t.taps_w == 3 && t.src_pixel == kChannelBlock) {
    depthwise_tiles<V, 3, 1, MaxPixels>(t);
  } else if (row && t.taps_w == 3 && t.src_pixel == 2 * kChannelBlock) {
    depthwise_tiles<V, 3, 2, MaxPixels>(t);
  } else if (row && t.taps_w == 5 && t.src_pixel == kChannelBlock) {
    depthwise_tiles<V, 5, 1, MaxPixels>(t);
  } else {
    depthwise_tiles<V, 0, 0, MaxPixels>(t);
  }
}

}  // namespace
}  // namespace tenon::cpu
