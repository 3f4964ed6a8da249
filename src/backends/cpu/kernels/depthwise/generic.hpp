// depthwise.hpp's line and rows over the vector type of simd/. An ISA file instantiates kDepthwiseRoutines
// with the pixels that its registers hold. T: float, bfloat16 or float16, in which tensors are stored.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/depthwise/depthwise.hpp"
#include "backends/cpu/kernels/simd/half.hpp"

namespace tenon::cpu {
namespace {

// What lies beyond the border of src.
alignas(64) constexpr float kDepthwiseZero[kChannelBlock] = {};
template <class T>
TENON_SIMD const T* depthwise_zero() {
  return reinterpret_cast<const T*>(kDepthwiseZero);
}

template <int Pixels, class V, class T>
inline __attribute__((always_inline)) void depthwise_begin(V (&acc)[Pixels], const float* bias,
                                                           const T* residual, std::ptrdiff_t dst_pixel) {
  const V first = bias ? V::load(bias) : V::zero();
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value] = first; });
  if (!residual) return;
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
    acc[p.value] = acc[p.value] + simd::load(residual + p.value * dst_pixel);
  });
}

// `Pixels` pixels of a line from `first` on, the channels of one vector.
template <class V, class T, int Pixels>
void depthwise_pixels(const DepthwiseLine& t, int first, int lane) {
  const std::ptrdiff_t at = first * t.dst_pixel + lane;
  V acc[Pixels];
  const T* const residual = static_cast<const T*>(t.residual);
  T* const dst = static_cast<T*>(t.dst);
  depthwise_begin<Pixels>(acc, t.bias ? t.bias + lane : nullptr, residual ? residual + at : nullptr,
                          t.dst_pixel);
  for (int h = 0; h < t.taps_h; ++h) {
    const T* src = static_cast<const T*>(t.src) + first * t.src_pixel + h * t.src_tap_h + lane;
    const float* weights = t.weights + h * t.weights_tap_h + lane;
    for (int w = 0; w < t.taps_w; ++w) {
      const V weight = V::load(weights + w * kChannelBlock);
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
        acc[p.value] = fma(simd::load(src + p.value * t.src_pixel), weight, acc[p.value]);
      });
      src += t.src_tap_w;
    }
  }
  activate(acc, t.act);
  unroll<Pixels>([&](auto p)
                     TENON_INLINE_LAMBDA { simd::store(dst + at + p.value * t.dst_pixel, acc[p.value]); });
}

// The line in tiles of at most MaxPixels, as equal as can be: a tile of few pixels waits for its own sums.
template <class V, class T, int MaxPixels>
void depthwise_line(const DepthwiseLine& t) noexcept {
  using Tile = void (*)(const DepthwiseLine&, int, int);
  struct Table {
    Tile tile[MaxPixels] = {};
  };
  static constexpr Table table = [] {
    Table all;
    unroll<MaxPixels>([&](auto p)
                          TENON_INLINE_LAMBDA { all.tile[p.value] = depthwise_pixels<V, T, p.value + 1>; });
    return all;
  }();
  int tiles = (t.pixels + MaxPixels - 1) / MaxPixels;
  for (int first = 0; tiles > 0; --tiles) {
    const int pixels = (t.pixels - first + tiles - 1) / tiles;
    for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) table.tile[pixels - 1](t, first, lane);
    first += pixels;
  }
}

// Neighbouring output pixels of one row. Of the columns of src that they meet, those within half a window of
// either end may lie outside.
template <class T>
struct DepthwiseTile {
  const T* src;          // the first tap of the first pixel, and the first row inside
  const float* weights;  // in that row
  const T* residual;
  T* dst;
  int taps_h;
  bool outside[2 * kDepthwiseMostReach];  // columns from the left end, then those up to the right end
};

// A column of src is loaded once for all the taps that meet it.
template <class V, class T, int Taps, int Stride, int Pixels>
void depthwise_tile(const DepthwiseRows& r, const DepthwiseTile<T>& t, int lane) {
  constexpr int kColumns = (Pixels - 1) * Stride + Taps;
  constexpr int kReach = Taps / 2;
  V acc[Pixels];
  depthwise_begin<Pixels>(acc, r.bias ? r.bias + lane : nullptr, t.residual ? t.residual + lane : nullptr,
                          kChannelBlock);
  const T* edge[2 * kReach];
  std::ptrdiff_t edge_step[2 * kReach];
  unroll<2 * kReach>([&](auto e) TENON_INLINE_LAMBDA {
    constexpr int kColumn = e.value < kReach ? e.value : kColumns - 2 * kReach + e.value;
    edge[e.value] = t.outside[e.value] ? depthwise_zero<T>() : t.src + kColumn * kChannelBlock;
    edge_step[e.value] = t.outside[e.value] ? 0 : (r.dilation_h * r.src_row);
  });
  for (int h = 0; h < t.taps_h; ++h) {
    V weight[Taps];
    unroll<Taps>([&](auto w) TENON_INLINE_LAMBDA {
      weight[w.value] = V::load(t.weights + (h * Taps + w.value) * kChannelBlock + lane);
    });
    const T* src = t.src + h * (r.dilation_h * r.src_row) + lane;
    unroll<kColumns>([&](auto c) TENON_INLINE_LAMBDA {
      constexpr int kEdge = c.value < kReach               ? c.value
                            : c.value >= kColumns - kReach ? c.value - kColumns + 2 * kReach
                                                           : -1;
      V x;
      if constexpr (kEdge >= 0) {
        x = simd::load(edge[kEdge] + h * edge_step[kEdge] + lane);
      } else {
        x = simd::load(src + c.value * kChannelBlock);
      }
      unroll<Taps>([&](auto w) TENON_INLINE_LAMBDA {
        constexpr int kFromTap = c.value - w.value;
        if constexpr (kFromTap >= 0 && kFromTap % Stride == 0 && kFromTap / Stride < Pixels) {
          V& sum = acc[kFromTap / Stride];
          sum = fma(x, weight[w.value], sum);
        }
      });
    });
  }
  activate(acc, r.act);
  unroll<Pixels>(
      [&](auto p) TENON_INLINE_LAMBDA { simd::store(t.dst + p.value * kChannelBlock + lane, acc[p.value]); });
}

template <class V, class T, int Taps, int Stride, int MaxPixels>
void depthwise_rows_of(const DepthwiseRows& r) {
  using Tile = void (*)(const DepthwiseRows&, const DepthwiseTile<T>&, int);
  struct Table {
    Tile tile[MaxPixels] = {};
  };
  static constexpr Table table = [] {
    Table all;
    unroll<MaxPixels>([&](auto p) TENON_INLINE_LAMBDA {
      all.tile[p.value] = depthwise_tile<V, T, Taps, Stride, p.value + 1>;
    });
    return all;
  }();
  constexpr int kReach = Taps / 2;
  const std::ptrdiff_t out_row = static_cast<std::ptrdiff_t>(r.out_w) * kChannelBlock;
  for (int y = r.begin; y < r.end; ++y) {
    const int top = y * r.stride_h - r.pad_top;
    const Range taps = taps_inside(top, r.dilation_h, r.taps_h, r.in_h);
    DepthwiseTile<T> t{};
    t.taps_h = taps.end - taps.begin;
    t.weights = r.weights + static_cast<std::ptrdiff_t>(taps.begin) * Taps * kChannelBlock;
    const T* src = static_cast<const T*>(r.src) + (top + taps.begin * r.dilation_h) * r.src_row;
    int tiles = (r.out_w + MaxPixels - 1) / MaxPixels;
    for (int first = 0; tiles > 0; --tiles) {
      const int pixels = (r.out_w - first + tiles - 1) / tiles;
      const int left = first * Stride - r.pad_left;
      const int right = left + (pixels - 1) * Stride + Taps - kReach;
      for (int e = 0; e < kReach; ++e) {
        t.outside[e] = left + e < 0 || left + e >= r.in_w;
        t.outside[kReach + e] = right + e < 0 || right + e >= r.in_w;
      }
      const std::ptrdiff_t at = y * out_row + static_cast<std::ptrdiff_t>(first) * kChannelBlock;
      t.src = src + static_cast<std::ptrdiff_t>(left) * kChannelBlock;
      t.residual = r.residual ? static_cast<const T*>(r.residual) + at : nullptr;
      t.dst = static_cast<T*>(r.dst) + at;
      for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) table.tile[pixels - 1](r, t, lane);
      first += pixels;
    }
  }
}

template <class V, class T, int MaxPixels>
void depthwise_rows(const DepthwiseRows& r) noexcept {
  switch (r.taps_w * 4 + r.stride_w) {
    case 3 * 4 + 1: return depthwise_rows_of<V, T, 3, 1, MaxPixels>(r);
    case 3 * 4 + 2: return depthwise_rows_of<V, T, 3, 2, MaxPixels>(r);
    case 5 * 4 + 1: return depthwise_rows_of<V, T, 5, 1, MaxPixels>(r);
    default: return depthwise_rows_of<V, T, 5, 2, MaxPixels>(r);
  }
}

template <class V, int LinePixels, int RowPixels>
constexpr DepthwiseRoutines kDepthwiseRoutines = {
    {depthwise_line<V, float, LinePixels>, depthwise_line<V, bfloat16, LinePixels>,
     depthwise_line<V, float16, LinePixels>},
    {depthwise_rows<V, float, RowPixels>, depthwise_rows<V, bfloat16, RowPixels>,
     depthwise_rows<V, float16, RowPixels>}};

}  // namespace
}  // namespace tenon::cpu
