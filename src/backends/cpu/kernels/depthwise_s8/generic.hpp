// depthwise_s8.hpp over a way to form dot products. An ISA file defines
//
//   struct PixelDot {
//     using Acc, X = …;                   sums of kLanes channels; four pixels of all channels, turned
//     static constexpr int kLanes;        16 or a divisor
//     static constexpr int kRows, kPixels;  rows and pixels of a tile whose sums fit into the registers
//     static Acc start(const std::int32_t* bias);
//     static X turned(const std::uint8_t* pixels, std::uint8_t flip);
//     static X turned(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding, std::uint8_t
//     flip);                              those outside of [begin, end) are padding, and are not read
//     static Acc dot(Acc, const X&, Index<part>, const std::int8_t* weights);  [kLanes][4]
//     static simd::I32 sum(Acc);
//   };
//
// and instantiates depthwise_s8_rows_of<PixelDot>.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {
namespace {

// Pixels `column`, `column` + step, … of a row, as far as they lie inside of it; else padding.
inline void gather_pixels(const DepthwiseS8Rows& t, const std::uint8_t* row, int column, int step,
                          std::uint8_t* to) {
  for (int i = 0; i < kS8Group; ++i, column += step, to += kChannelBlock) {
    if (column >= 0 && column < t.in_width) {
      std::memcpy(to, row + static_cast<std::ptrdiff_t>(column) * kChannelBlock, kChannelBlock);
    } else {
      std::memset(to, t.padding, kChannelBlock);
    }
  }
}

// The four pixels from `column` on.
template <class Dot, bool Inside>
inline __attribute__((always_inline)) typename Dot::X pixels_at(const DepthwiseS8Rows& t,
                                                                const std::uint8_t* row, int column) {
  if constexpr (Inside) {
    return Dot::turned(row + static_cast<std::ptrdiff_t>(column) * kChannelBlock, t.flip);
  } else {
    return Dot::turned(row + static_cast<std::ptrdiff_t>(column) * kChannelBlock, std::max(-column, 0),
                       t.in_width - column, t.padding, t.flip);
  }
}

// Results of one row from registers: narrow bytes or by way of sums. acc[pixel][16 / kLanes].
template <class Dot, int Pixels>
inline __attribute__((always_inline)) void depthwise_s8_store(const DepthwiseS8Rows& t,
                                                              const simd::Codes& codes, std::ptrdiff_t at,
                                                              const typename Dot::Acc* acc) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / Dot::kLanes;
  constexpr int kVectors = Pixels * kPerBlock;
  if (!t.requantize->narrow) {
    alignas(64) std::int32_t sums[Pixels * kChannelBlock];
    unroll<kVectors>([&](auto i)
                         TENON_INLINE_LAMBDA { Dot::sum(acc[i.value]).store(sums + i.value * Dot::kLanes); });
    return requantize_block(*t.requantize, codes, sums, t.multiplier, t.dst, at, Pixels);
  }
  V scale[kPerBlock];
  unroll<kPerBlock>(
      [&](auto i) TENON_INLINE_LAMBDA { scale[i.value] = V::load(t.multiplier + i.value * V::kLanes); });
  const auto some = [&]<int Count, int First>(Index<Count>, Index<First>) TENON_INLINE_LAMBDA {
    V v[Count];
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
      constexpr int kAt = First + decltype(i)::value;
      v[i.value] = to_float(Dot::sum(acc[kAt])) * scale[kAt % kPerBlock];
    });
    if (t.requantize->residual) add_byte_residual(*t.requantize, at + First * V::kLanes, v);
    store_narrow(*t.requantize, codes, v, t.dst, at + First * V::kLanes);
  };
  unroll<kVectors / 4>([&](auto i)
                           TENON_INLINE_LAMBDA { some(Index<4>{}, Index<4 * decltype(i)::value>{}); });
  unroll<kVectors % 4>(
      [&](auto i) TENON_INLINE_LAMBDA { some(Index<1>{}, Index<kVectors / 4 * 4 + decltype(i)::value>{}); });
}

template <class Dot, int Rows, int Pixels>
struct DepthwiseS8Sums {
  static constexpr int kVectors = kChannelBlock / Dot::kLanes;

  explicit TENON_INLINE_LAMBDA DepthwiseS8Sums(const std::int32_t* bias) {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const typename Dot::Acc first = Dot::start(bias + v.value * Dot::kLanes);
      unroll<Rows * Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = first; });
    });
  }

  template <int At>
  TENON_INLINE_LAMBDA void add(Index<At>, const typename Dot::X& x, const std::int8_t* weights) {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      auto& sum = acc[At * kVectors + decltype(v)::value];
      sum = Dot::dot(sum, x, v, weights + v.value * Dot::kLanes * kS8Group);
    });
  }

  TENON_INLINE_LAMBDA void store(const DepthwiseS8Rows& t, const simd::Codes& codes, int first) const {
    unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
      depthwise_s8_store<Dot, Pixels>(
          t, codes, t.dst_at + r.value * t.dst_row + static_cast<std::ptrdiff_t>(first) * kChannelBlock,
          acc + r.value * Pixels * kVectors);
    });
  }

  typename Dot::Acc acc[Rows * Pixels * kVectors];  // [row][pixel][vector]
};

// Square kernels and strides that the compiler knows, without dilation: `Pixels` outputs of `Rows` rows from
// `first` on.
template <class Dot, int Kernel, int Stride, int Rows, int Pixels, bool Inside>
void depthwise_s8_tile(const DepthwiseS8Rows& t, const simd::Codes& codes, int first) {
  constexpr int kQuads = (Kernel + kS8Group - 1) / kS8Group;
  constexpr int kSourceRows = (Rows - 1) * Stride + Kernel;
  DepthwiseS8Sums<Dot, Rows, Pixels> sums(t.bias);
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
    constexpr int kPixel = decltype(p)::value;
    const int column = (first + kPixel) * Stride - t.pad_left;
    unroll<kSourceRows * kQuads>([&](auto i) TENON_INLINE_LAMBDA {
      constexpr int kSource = decltype(i)::value / kQuads, kQuad = decltype(i)::value % kQuads;
      const auto x = pixels_at<Dot, Inside>(t, t.sources[kSource], column + kQuad * kS8Group);
      unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
        constexpr int kTapRow = kSource - decltype(r)::value * Stride;
        if constexpr (kTapRow >= 0 && kTapRow < Kernel) {
          sums.add(Index<decltype(r)::value * Pixels + kPixel>{}, x,
                   t.weights + (kTapRow * kQuads + kQuad) * kS8GroupWeights);
        }
      });
    });
  });
  sums.store(t, codes, first);
}

template <class Dot, int Kernel, int Stride, int Rows, int Pixels>
inline void depthwise_s8_tile_at(const DepthwiseS8Rows& t, const simd::Codes& codes, int first) {
  constexpr int kRead = (Pixels - 1) * Stride + (Kernel + kS8Group - 1) / kS8Group * kS8Group;
  const int column = first * Stride - t.pad_left;
  if (column >= 0 && column + kRead <= t.in_width) {
    depthwise_s8_tile<Dot, Kernel, Stride, Rows, Pixels, true>(t, codes, first);
  } else {
    depthwise_s8_tile<Dot, Kernel, Stride, Rows, Pixels, false>(t, codes, first);
  }
}

// Any kernel: `Pixels` outputs of one row.
template <class Dot, int Pixels>
void depthwise_s8_any(const DepthwiseS8Rows& t, const simd::Codes& codes, int first) {
  const int quads = static_cast<int>(ceil_div(t.kernel_w, kS8Group));
  DepthwiseS8Sums<Dot, 1, Pixels> sums(t.bias);
  const std::int8_t* weights = t.weights;
  for (int k = 0; k < t.kernel_h; ++k) {
    for (int q = 0; q < quads; ++q, weights += kS8GroupWeights) {
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
        const int column = (first + p.value) * t.stride_w - t.pad_left + q * kS8Group * t.dilation_w;
        if (t.dilation_w == 1) {
          sums.add(Index<decltype(p)::value>{}, pixels_at<Dot, false>(t, t.sources[k], column), weights);
        } else {
          std::uint8_t pixels[kS8GroupWeights];
          gather_pixels(t, t.sources[k], column, t.dilation_w, pixels);
          sums.add(Index<decltype(p)::value>{}, Dot::turned(pixels, t.flip), weights);
        }
      });
    }
  }
  sums.store(t, codes, first);
}

// Runs many(first) for tiles of `pixels` outputs and one(first) for what is left. The last tile may do
// outputs again, unless a residual lies where they do.
template <class Many, class One>
inline __attribute__((always_inline)) void over_width(const DepthwiseS8Rows& t, int pixels, Many many,
                                                      One one) {
  int x = 0;
  for (; x + pixels <= t.width; x += pixels) many(x);
  if (x < t.width && t.width >= pixels && t.requantize->residual == nullptr) return many(t.width - pixels);
  for (; x < t.width; ++x) one(x);
}

template <class Dot, int Kernel, int Stride>
void depthwise_s8_known(const DepthwiseS8Rows& t, const simd::Codes& codes) {
  if (t.height == Dot::kRows) {
    over_width(
        t, Dot::kPixels,
        [&](int x) { depthwise_s8_tile_at<Dot, Kernel, Stride, Dot::kRows, Dot::kPixels>(t, codes, x); },
        [&](int x) { depthwise_s8_tile_at<Dot, Kernel, Stride, Dot::kRows, 1>(t, codes, x); });
    return;
  }
  DepthwiseS8Rows row = t;
  for (int r = 0; r < t.height; ++r, row.dst_at += t.dst_row, row.sources += Stride) {
    over_width(
        row, Dot::kPixels,
        [&](int x) { depthwise_s8_tile_at<Dot, Kernel, Stride, 1, Dot::kPixels>(row, codes, x); },
        [&](int x) { depthwise_s8_tile_at<Dot, Kernel, Stride, 1, 1>(row, codes, x); });
  }
}

template <class Dot>
inline __attribute__((always_inline)) void depthwise_s8_rows_of(const DepthwiseS8Rows& t) noexcept {
  const simd::Codes codes = codes_of(*t.requantize);
  if (t.kernel_h == t.kernel_w && t.stride_h == t.stride_w && t.dilation_w == 1) {
    if (t.kernel_h == 3 && t.stride_h == 1) return depthwise_s8_known<Dot, 3, 1>(t, codes);
    if (t.kernel_h == 3 && t.stride_h == 2) return depthwise_s8_known<Dot, 3, 2>(t, codes);
    if (t.kernel_h == 5 && t.stride_h == 1) return depthwise_s8_known<Dot, 5, 1>(t, codes);
    if (t.kernel_h == 5 && t.stride_h == 2) return depthwise_s8_known<Dot, 5, 2>(t, codes);
  }
  DepthwiseS8Rows row = t;
  for (int r = 0; r < t.height; ++r, row.dst_at += t.dst_row, row.sources += t.stride_h) {
    over_width(
        row, Dot::kPixels, [&](int x) { depthwise_s8_any<Dot, Dot::kPixels>(row, codes, x); },
        [&](int x) { depthwise_s8_any<Dot, 1>(row, codes, x); });
  }
}

}  // namespace
}  // namespace tenon::cpu
