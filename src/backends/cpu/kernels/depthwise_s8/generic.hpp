// depthwise_s8.hpp over a way to form dot products. An ISA file defines
//
//   struct ColumnDot {
//     using Acc, Weights = …;                    sums of kLanes channels; their weights of a column's four
//     taps static constexpr int kLanes, kPixels;      16 or a divisor; outputs whose sums fit into the
//     registers static Acc start(const std::int32_t* bias); static Weights weights(const std::int8_t*);
//     [kLanes][4] static Acc dot(Acc, const std::uint8_t* column, Weights);    [kLanes][4] static void
//     store(Acc, std::int32_t*);
//   };
//
// and instantiates depthwise_s8_row_of<ColumnDot>.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/depthwise_s8/depthwise_s8.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

using PixelBytes [[gnu::vector_size(16)]] = std::uint8_t;

TENON_SIMD PixelBytes load_pixel(const std::uint8_t* p) {
  PixelBytes v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

TENON_SIMD void store_pixel(std::uint8_t* p, PixelBytes v) { std::memcpy(p, &v, sizeof v); }

// One group's rows, [column][16] each, to [column][16][4].
void interleave_rows(const DepthwiseS8Row& t, const DepthwiseS8Row::Source* rows, std::uint8_t* to) {
  constexpr std::ptrdiff_t kColumn = kS8GroupWeights;
  std::memset(to, t.padding, static_cast<std::size_t>(t.left * kColumn));
  to += t.left * kColumn;
  const PixelBytes flip = PixelBytes{} + t.flip;
  const std::uint8_t *a = rows[0].at, *b = rows[1].at, *c = rows[2].at, *d = rows[3].at;
  for (int x = 0; x < t.columns; ++x, to += kColumn) {
    const PixelBytes pa = load_pixel(a), pb = load_pixel(b), pc = load_pixel(c), pd = load_pixel(d);
    a += rows[0].step;
    b += rows[1].step;
    c += rows[2].step;
    d += rows[3].step;
    const PixelBytes ab_low =
        __builtin_shufflevector(pa, pb, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23) ^ flip;
    const PixelBytes ab_high =
        __builtin_shufflevector(pa, pb, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31) ^ flip;
    const PixelBytes cd_low =
        __builtin_shufflevector(pc, pd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23) ^ flip;
    const PixelBytes cd_high =
        __builtin_shufflevector(pc, pd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31) ^ flip;
    store_pixel(
        to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23));
    store_pixel(to + 16, __builtin_shufflevector(ab_low, cd_low, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29,
                                                 14, 15, 30, 31));
    store_pixel(to + 32, __builtin_shufflevector(ab_high, cd_high, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21,
                                                 6, 7, 22, 23));
    store_pixel(to + 48, __builtin_shufflevector(ab_high, cd_high, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28,
                                                 29, 14, 15, 30, 31));
  }
  std::memset(to, t.padding, static_cast<std::size_t>(t.right * kColumn));
}

// `Pixels` outputs from `first` on.
template <class Dot, int Pixels>
void depthwise_s8_tile(const DepthwiseS8Row& t, const simd::Codes& codes, int first) {
  constexpr int kVectors = kChannelBlock / Dot::kLanes;
  typename Dot::Acc acc[Pixels * kVectors];
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
    const typename Dot::Acc bias = Dot::start(t.bias + v.value * Dot::kLanes);
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = bias; });
  });
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(t.left + t.columns + t.right) * kS8GroupWeights;
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(t.stride) * kS8GroupWeights;
  const std::int8_t* weights = t.weights;
  for (int g = 0; g < t.groups; ++g) {
    const std::uint8_t* column = t.interleaved + g * group + first * step;
    for (int w = 0; w < t.taps; ++w, column += t.dilation * kS8GroupWeights, weights += kS8GroupWeights) {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        constexpr int kAt = decltype(v)::value * Dot::kLanes * kS8Group;
        const auto taps = Dot::weights(weights + kAt);
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          auto& sum = acc[p.value * kVectors + v.value];
          sum = Dot::dot(sum, column + p.value * step + kAt, taps);
        });
      });
    }
  }
  alignas(64) std::int32_t sums[Pixels * kChannelBlock];
  unroll<Pixels * kVectors>(
      [&](auto i) TENON_INLINE_LAMBDA { Dot::store(acc[i.value], sums + i.value * Dot::kLanes); });
  requantize_block(*t.requantize, codes, sums, t.multiplier, t.dst,
                   t.dst_at + static_cast<std::ptrdiff_t>(first) * kChannelBlock, Pixels);
}

template <class Dot>
inline __attribute__((always_inline)) void depthwise_s8_row_of(const DepthwiseS8Row& t) noexcept {
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(t.left + t.columns + t.right) * kS8GroupWeights;
  for (int g = 0; g < t.groups; ++g) interleave_rows(t, t.sources + g * kS8Group, t.interleaved + g * group);
  const simd::Codes codes = codes_of(*t.requantize);
  int x = 0;
  for (; x + Dot::kPixels <= t.outputs; x += Dot::kPixels) depthwise_s8_tile<Dot, Dot::kPixels>(t, codes, x);
  for (; x + 4 <= t.outputs; x += 4) depthwise_s8_tile<Dot, 4>(t, codes, x);
  for (; x < t.outputs; ++x) depthwise_s8_tile<Dot, 1>(t, codes, x);
}

}  // namespace
}  // namespace tenon::cpu
