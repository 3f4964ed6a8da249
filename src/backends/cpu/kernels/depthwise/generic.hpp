// depthwise.hpp's row over a vector type of simd/. An ISA file instantiates depthwise_row<V, pixels>.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/depthwise/depthwise.hpp"

namespace tenon::cpu {
namespace {

// `Pixels` pixels from `first` on, the channels of one vector. Taps and Stride are the row's taps_w and its
// distance of pixels, taps side by side, or 0 where they are not known; where they are, a pixel of src is
// loaded once for all taps of a line.
template <class V, int Pixels, int Taps, int Stride>
inline __attribute__((always_inline)) void depthwise_pixels(const DepthwiseRow& t, int first, int lane) {
  V acc[Pixels];
  const V bias = t.bias ? V::load(t.bias + lane) : V::zero();
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value] = bias; });
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(first) * kChannelBlock + lane;
  if (t.residual) {
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      acc[p.value] = acc[p.value] + V::load(t.residual + at + p.value * kChannelBlock);
    });
  }

  for (int h = 0; h < t.taps_h; ++h) {
    const float* src = t.src + first * t.src_pixel + h * t.src_tap_h + lane;
    const float* weights = t.weights + h * t.weights_tap_h + lane;
    if constexpr (Taps > 0) {
      unroll<Taps>([&](auto w) TENON_INLINE_LAMBDA {
        const V weight = V::load(weights + w.value * kChannelBlock);
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          const V x = V::load(src + (p.value * Stride + w.value) * kChannelBlock);
          acc[p.value] = fma(x, weight, acc[p.value]);
        });
      });
    } else {
      for (int w = 0; w < t.taps_w; ++w) {
        const V weight = V::load(weights + w * kChannelBlock);
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          acc[p.value] = fma(V::load(src + p.value * t.src_pixel), weight, acc[p.value]);
        });
        src += t.src_tap_w;
      }
    }
  }

  activate(acc, t.act);
  unroll<Pixels>([&](auto p)
                     TENON_INLINE_LAMBDA { acc[p.value].store(t.dst + at + p.value * kChannelBlock); });
}

template <class V, int Pixels, int Taps, int Stride>
void depthwise_span(const DepthwiseRow& t) {
  for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) {
    int p = 0;
    for (; p + Pixels <= t.pixels; p += Pixels) depthwise_pixels<V, Pixels, Taps, Stride>(t, p, lane);
    if constexpr (Pixels > 1) {
      unroll<3>([&](auto i) TENON_INLINE_LAMBDA {
        constexpr int kPart = Pixels >> (decltype(i)::value + 1);
        if constexpr (kPart > 0) {
          for (; p + kPart <= t.pixels; p += kPart) depthwise_pixels<V, kPart, Taps, Stride>(t, p, lane);
        }
      });
    }
  }
}

// Pixels is a power of two, at most 8.
template <class V, int Pixels>
inline __attribute__((always_inline)) void depthwise_row(const DepthwiseRow& t) noexcept {
  if (t.taps_w == 3 && t.src_tap_w == kChannelBlock && t.src_pixel == kChannelBlock) {
    depthwise_span<V, Pixels, 3, 1>(t);
  } else if (t.taps_w == 3 && t.src_tap_w == kChannelBlock && t.src_pixel == 2 * kChannelBlock) {
    depthwise_span<V, Pixels, 3, 2>(t);
  } else if (t.taps_w == 5 && t.src_tap_w == kChannelBlock && t.src_pixel == kChannelBlock) {
    depthwise_span<V, Pixels, 5, 1>(t);
  } else {
    depthwise_span<V, Pixels, 0, 0>(t);
  }
}

}  // namespace
}  // namespace tenon::cpu
