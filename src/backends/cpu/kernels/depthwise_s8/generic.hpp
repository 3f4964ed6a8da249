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
template <class Dot>
void interleave_rows(const DepthwiseS8Row& t, const DepthwiseS8Row::Source* rows, std::uint8_t* to) {
  constexpr std::ptrdiff_t kColumn = kS8GroupWeights;
  std::memset(to, t.padding, static_cast<std::size_t>(t.left * kColumn));
  to += t.left * kColumn;
  const PixelBytes flip = PixelBytes{} + t.flip;
  const int done = Dot::interleave(rows, t.columns, t.flip, to);
  to += done * kColumn;
  const auto from = [&](int row) { return rows[row].at + done * rows[row].step; };
  const std::uint8_t *a = from(0), *b = from(1), *c = from(2), *d = from(3);
  for (int x = done; x < t.columns; ++x, to += kColumn) {
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

// Narrow bytes from registers: sums are acc[pixel][16 / kLanes].
template <class Dot, int Pixels>
inline __attribute__((always_inline)) void depthwise_s8_store(const DepthwiseS8Row& t,
                                                              const simd::Codes& codes, int first,
                                                              const typename Dot::Acc* acc) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / Dot::kLanes;
  constexpr int kVectors = Pixels * kPerBlock;
  const std::ptrdiff_t at = t.dst_at + static_cast<std::ptrdiff_t>(first) * kChannelBlock;
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
  if (t.requantize->narrow) return depthwise_s8_store<Dot, Pixels>(t, codes, first, acc);
  alignas(64) std::int32_t sums[Pixels * kChannelBlock];
  unroll<Pixels * kVectors>(
      [&](auto i) TENON_INLINE_LAMBDA { Dot::sum(acc[i.value]).store(sums + i.value * Dot::kLanes); });
  requantize_block(*t.requantize, codes, sums, t.multiplier, t.dst,
                   t.dst_at + static_cast<std::ptrdiff_t>(first) * kChannelBlock, Pixels);
}

template <class Dot>
inline __attribute__((always_inline)) void depthwise_s8_row_of(const DepthwiseS8Row& t) noexcept {
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(t.left + t.columns + t.right) * kS8GroupWeights;
  for (int g = 0; g < t.groups; ++g)
    interleave_rows<Dot>(t, t.sources + g * kS8Group, t.interleaved + g * group);
  const simd::Codes codes = codes_of(*t.requantize);
  int x = 0;
  for (; x + Dot::kPixels <= t.outputs; x += Dot::kPixels) depthwise_s8_tile<Dot, Dot::kPixels>(t, codes, x);
  for (; x + 4 <= t.outputs; x += 4) depthwise_s8_tile<Dot, 4>(t, codes, x);
  for (; x < t.outputs; ++x) depthwise_s8_tile<Dot, 1>(t, codes, x);
}

}  // namespace
}  // namespace tenon::cpu
