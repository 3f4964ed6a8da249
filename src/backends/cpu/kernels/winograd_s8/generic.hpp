// The stages of stages.hpp over vectors of the size that the included level of bytes/ has. An ISA file
// defines
//
//   struct Level {
//     static S8Words load(from, S8Bytes flip);   the bytes at from(tile) ^ flip, of as many tiles as a vector
//     has using Acc, Weights, X = …;                 registers: sums of kLanes output channels, their weights
//     of
//                                                a pair of channels, a tile's pair for every lane
//     static constexpr int kLanes;               16 or a divisor
//     static Acc zero();
//     static Weights weights(const std::int16_t*);  [kLanes][2]
//     static X broadcast(const std::int16_t*);   2 elements
//     static Acc dot(Acc, X, Weights);
//     static void store(Acc, std::int32_t*);
//   };
//
// and instantiates winograd_s8_product_of<Level, tiles1, tiles2>.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "backends/cpu/kernels/unroll.hpp"
#include "backends/cpu/kernels/winograd/position.hpp"
#include "backends/cpu/kernels/winograd_s8/stages.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

constexpr int kS8Alpha = kWinogradS8Alpha;
constexpr int kS8Outputs = kWinogradS8Outputs;
constexpr int kS8Register = sizeof(simd::I32);

// 16-bit integers: half a block of channels of a tile, a block, or a block of two tiles one after the other.
using S8Words [[gnu::vector_size(kS8Register)]] = std::int16_t;
constexpr int kS8WordLanes = kS8Register / 2;
constexpr int kS8TilesAtOnce = kS8WordLanes > kChannelBlock ? 2 : 1;
constexpr int kS8TileWords = kS8WordLanes / kS8TilesAtOnce;
using S8Bytes [[gnu::vector_size(kS8WordLanes)]] = std::uint8_t;

// Sums modulo 2^32.
constexpr int kS8SumLanes = simd::I32::kLanes;
using S8Sums [[gnu::vector_size(kS8Register)]] = std::uint32_t;
using S8SignedSums [[gnu::vector_size(kS8Register)]] = std::int32_t;

// Where to read the pixels of the tiles that are transformed at once.
struct S8Corners {
  const std::uint8_t* at[kS8TilesAtOnce];
  std::ptrdiff_t row[kS8TilesAtOnce];
};

// out = B^T in
inline __attribute__((always_inline)) void s8_input_line(const S8Words (&in)[kS8Alpha],
                                                         S8Words (&out)[kS8Alpha]) {
  const S8Words even = in[4] - in[2], odd = (in[3] - in[1]) * 2;
  const S8Words even4 = in[4] - in[2] * 4, odd4 = in[3] - in[1] * 4;
  out[0] = (in[0] - in[2]) * 4 + even;
  out[1] = even4 + odd4;
  out[2] = even4 - odd4;
  out[3] = even + odd;
  out[4] = even - odd;
  out[5] = in[5] - in[3] - odd * 2;
}

// out = A^T in
inline __attribute__((always_inline)) void s8_output_line(const S8Sums (&in)[kS8Alpha],
                                                          S8Sums (&out)[kS8Outputs]) {
  const S8Sums sum1 = in[1] + in[2], sum2 = in[3] + in[4];
  const S8Sums difference1 = in[1] - in[2], difference2 = (in[3] - in[4]) * 2;
  out[0] = in[0] + sum1 + sum2;
  out[1] = difference1 + difference2;
  out[2] = sum1 + sum2 * 4;
  out[3] = difference1 + (difference2 * 2 + in[5]) * 2;
}

// The pixels of a tile that lies partly outside of the image, row after row.
using S8Edge = std::uint8_t[kS8Alpha * kS8Alpha * kChannelBlock];

inline void s8_copy_edge(const WinogradS8Input& a, const std::uint8_t* image, int y0, int x0, S8Edge& to) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(a.grid.in_w) * kChannelBlock;
  const int x_begin = x0 < 0 ? -x0 : 0, x_end = a.grid.in_w - x0 < kS8Alpha ? a.grid.in_w - x0 : kS8Alpha;
  const int y_begin = y0 < 0 ? -y0 : 0, y_end = a.grid.in_h - y0 < kS8Alpha ? a.grid.in_h - y0 : kS8Alpha;
  std::memset(to, a.zero, sizeof to);
  for (int y = y_begin; y < y_end; ++y) {
    for (int x = x_begin; x < x_end; ++x) {
      std::memcpy(to + (y * kS8Alpha + x) * kChannelBlock,
                  image + (y0 + y) * row + static_cast<std::ptrdiff_t>(x0 + x) * kChannelBlock,
                  kChannelBlock);
    }
  }
}

// Stores the first `tiles` of the tiles of a vector.
TENON_SIMD void s8_store_words(S8Words words, std::int16_t* to, int tiles) {
  std::memcpy(to, &words, tiles == kS8TilesAtOnce ? sizeof words : sizeof words / 2);
}

template <class Level, bool All>
inline __attribute__((always_inline)) void s8_input_tiles(const S8Corners& corners, S8Bytes flip,
                                                          std::int16_t* dst, std::ptrdiff_t dst_element) {
  for (int lane = 0; lane < kChannelBlock; lane += kS8TileWords) {
    S8Words half[kS8Alpha][kS8Alpha];
    for (int x = 0; x < kS8Alpha; ++x) {
      S8Words in[kS8Alpha], out[kS8Alpha];
      unroll<kS8Alpha>([&](auto y) TENON_INLINE_LAMBDA {
        const auto from = [&](int tile) TENON_INLINE_LAMBDA {
          return corners.at[tile] + y.value * corners.row[tile] + x * kChannelBlock + lane;
        };
        in[y.value] = Level::load(from, flip);
      });
      s8_input_line(in, out);
      unroll<kS8Alpha>([&](auto y) TENON_INLINE_LAMBDA { half[y.value][x] = out[y.value]; });
    }
    std::int16_t* to = dst + lane;
    for (int y = 0; y < kS8Alpha; ++y, to += kS8Alpha * dst_element) {
      S8Words out[kS8Alpha];
      s8_input_line(half[y], out);
      unroll<kS8Alpha>([&](auto x) TENON_INLINE_LAMBDA {
        s8_store_words(out[x.value], to + x.value * dst_element, All ? kS8TilesAtOnce : 1);
      });
    }
  }
}

template <class Level>
inline __attribute__((always_inline)) void winograd_s8_input_of(const WinogradS8Input& a) noexcept {
  const WinogradGrid& g = a.grid;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * kChannelBlock;
  const S8Bytes flip = S8Bytes{} + a.flip;
  WinogradPosition at(g, a.first);
  std::int16_t* dst = a.dst;
  S8Edge edges[kS8TilesAtOnce];
  S8Corners corners;
  const auto corner_of = [&](int t) {
    const int y0 = at.row * kS8Outputs - g.pad_top;
    const int x0 = at.column * kS8Outputs - g.pad_left;
    const std::uint8_t* image = a.src + at.image * a.src_image;
    if (y0 >= 0 && x0 >= 0 && y0 + kS8Alpha <= g.in_h && x0 + kS8Alpha <= g.in_w) {
      corners.at[t] = image + y0 * row + static_cast<std::ptrdiff_t>(x0) * kChannelBlock;
      corners.row[t] = row;
    } else {
      s8_copy_edge(a, image, y0, x0, edges[t]);
      corners.at[t] = edges[t];
      corners.row[t] = kS8Alpha * kChannelBlock;
    }
    at.advance(g);
  };
  std::ptrdiff_t tile = a.first;
  for (; tile + kS8TilesAtOnce <= a.end; tile += kS8TilesAtOnce, dst += kS8TilesAtOnce * kChannelBlock) {
    for (int t = 0; t < kS8TilesAtOnce; ++t) corner_of(t);
    s8_input_tiles<Level, true>(corners, flip, dst, a.dst_element);
  }
  if (tile == a.end) return;
  corner_of(0);
  for (int t = 1; t < kS8TilesAtOnce; ++t) {
    corners.at[t] = corners.at[0];
    corners.row[t] = corners.row[0];
  }
  s8_input_tiles<Level, false>(corners, flip, dst, a.dst_element);
}

template <class Level, int Tiles, int Blocks>
void s8_product(const WinogradS8Product& a) noexcept {
  constexpr int kPerBlock = kChannelBlock / Level::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  typename Level::Acc acc[Tiles * kVectors];
  unroll<Tiles * kVectors>([&](auto i) TENON_INLINE_LAMBDA { acc[i.value] = Level::zero(); });
  const std::int16_t* src = a.src;
  const std::int16_t* weights = a.weights;
  const std::int16_t* next = a.next;
  const auto pair = [&](int c) TENON_INLINE_LAMBDA {
    typename Level::Weights w[kVectors];
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      w[v.value] = Level::weights(weights + (v.value / kPerBlock) * a.weights_block +
                                  (v.value % kPerBlock) * Level::kLanes * kWinogradS8Pair);
    });
    unroll<Tiles>([&](auto t) TENON_INLINE_LAMBDA {
      const auto x = Level::broadcast(src + t.value * kChannelBlock + c);
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        auto& sum = acc[t.value * kVectors + v.value];
        sum = Level::dot(sum, x, w[v.value]);
      });
    });
    weights += kChannelBlock * kWinogradS8Pair;
  };
  for (int left = a.channels; left > 0; left -= kChannelBlock, src += a.src_block) {
    for (int i = 0; i < a.next_lines; ++i, next += 32) __builtin_prefetch(next, 0, 2);
    if (left >= kChannelBlock) {
      unroll<kChannelBlock / kWinogradS8Pair>([&](auto i)
                                                  TENON_INLINE_LAMBDA { pair(kWinogradS8Pair * i.value); });
    } else {
      for (int c = 0; c < left; c += kWinogradS8Pair) pair(c);
    }
  }
  unroll<Tiles>([&](auto t) TENON_INLINE_LAMBDA {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      Level::store(acc[t.value * kVectors + v.value], a.dst + (v.value / kPerBlock) * a.dst_block +
                                                          t.value * kChannelBlock +
                                                          (v.value % kPerBlock) * Level::kLanes);
    });
  });
}

template <class Level, int Blocks, int MaxTiles>
inline __attribute__((always_inline)) void s8_product_with(const WinogradS8Product& a, int tiles) noexcept {
  if constexpr (MaxTiles > 0) {
    using Product = void (*)(const WinogradS8Product&) noexcept;
    struct Table {
      Product product[MaxTiles] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxTiles>(
          [&](auto t) TENON_INLINE_LAMBDA { all.product[t.value] = s8_product<Level, t.value + 1, Blocks>; });
      return all;
    }();
    table.product[tiles - 1](a);
  }
}

template <class Level, int Tiles1, int Tiles2>
inline __attribute__((always_inline)) void winograd_s8_product_of(const WinogradS8Product& a, int tiles,
                                                                  int blocks) noexcept {
  if (blocks == 1) return s8_product_with<Level, 1, Tiles1>(a, tiles);
  s8_product_with<Level, 2, Tiles2>(a, tiles);
}

// 24^2 Y modulo 2^32 to Y + bias.
TENON_SIMD simd::I32 s8_divide(S8Sums x, S8Sums bias) {
  constexpr std::uint32_t kInverseOf9 = 0x38e38e39;
  static_assert(kInverseOf9 * 9 == 1);
  const S8Sums sum = (S8Sums)((S8SignedSums)(x * kInverseOf9) >> 6) + bias;
  return {(decltype(simd::I32::r))sum};
}

constexpr int kS8SumsPerBlock = kChannelBlock / kS8SumLanes;

// A tile after the transform of its columns: [part of the block][y][x]
using S8Half = S8Sums[kS8SumsPerBlock][kS8Outputs][kS8Alpha];

inline __attribute__((always_inline)) void s8_output_columns(const WinogradS8Output& a,
                                                             const std::int32_t* src, S8Half& half) {
  for (int part = 0; part < kS8SumsPerBlock; ++part, src += kS8SumLanes) {
    unroll<kS8Alpha>([&](auto x) TENON_INLINE_LAMBDA {
      S8Sums in[kS8Alpha], out[kS8Outputs];
      unroll<kS8Alpha>([&](auto y) TENON_INLINE_LAMBDA {
        std::memcpy(&in[y.value], src + (y.value * kS8Alpha + x.value) * a.src_element, sizeof(S8Sums));
      });
      s8_output_line(in, out);
      unroll<kS8Outputs>([&](auto y) TENON_INLINE_LAMBDA { half[part][y.value][x.value] = out[y.value]; });
    });
  }
}

// The sums of row y of a tile, pixel by pixel.
constexpr int kS8RowSums = kS8Outputs * kS8SumsPerBlock;
inline __attribute__((always_inline)) void s8_output_row(const S8Half& half, int y,
                                                         const S8Sums (&bias)[kS8SumsPerBlock],
                                                         simd::I32 (&sums)[kS8RowSums]) {
  unroll<kS8SumsPerBlock>([&](auto part) TENON_INLINE_LAMBDA {
    S8Sums out[kS8Outputs];
    s8_output_line(half[part.value][y], out);
    unroll<kS8Outputs>([&](auto x) TENON_INLINE_LAMBDA {
      sums[x.value * kS8SumsPerBlock + part.value] = s8_divide(out[x.value], bias[part.value]);
    });
  });
}

inline __attribute__((always_inline)) void winograd_s8_output_of(const WinogradS8Output& a) noexcept {
  using V = simd::F32;
  const WinogradGrid& g = a.grid;
  const Requantize& e = *a.requantize;
  const simd::Codes codes = codes_of(e);
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.out_w) * kChannelBlock;
  S8Sums bias[kS8SumsPerBlock];
  V scale[kS8SumsPerBlock];
  unroll<kS8SumsPerBlock>([&](auto part) TENON_INLINE_LAMBDA {
    std::memcpy(&bias[part.value], a.bias + part.value * kS8SumLanes, sizeof(S8Sums));
    scale[part.value] = V::load(a.multiplier + part.value * kS8SumLanes);
  });
  WinogradPosition at(g, a.first);
  const std::int32_t* src = a.src;
  for (std::ptrdiff_t tile = a.first; tile < a.end; ++tile, at.advance(g), src += kChannelBlock) {
    S8Half half;
    s8_output_columns(a, src, half);
    const int y0 = at.row * kS8Outputs;
    const int x0 = at.column * kS8Outputs;
    const int rows = g.out_h - y0 < kS8Outputs ? g.out_h - y0 : kS8Outputs;
    const int columns = g.out_w - x0 < kS8Outputs ? g.out_w - x0 : kS8Outputs;
    std::ptrdiff_t to =
        a.dst_at + at.image * a.dst_image + y0 * row + static_cast<std::ptrdiff_t>(x0) * kChannelBlock;
    for (int y = 0; y < rows; ++y, to += row) {
      simd::I32 sums[kS8RowSums];
      s8_output_row(half, y, bias, sums);
      if (e.narrow && columns == kS8Outputs) {
        V v[kS8RowSums];
        unroll<kS8RowSums>([&](auto i) TENON_INLINE_LAMBDA {
          v[i.value] = to_float(sums[i.value]) * scale[i.value % kS8SumsPerBlock];
        });
        if (e.residual) add_byte_residual(e, to, v);
        store_narrow(e, codes, v, a.dst, to);
      } else {
        alignas(kS8Register) std::int32_t stored[kS8Outputs * kChannelBlock];
        unroll<kS8RowSums>([&](auto i)
                               TENON_INLINE_LAMBDA { sums[i.value].store(stored + i.value * kS8SumLanes); });
        requantize_block(e, codes, stored, a.multiplier, a.dst, to, columns);
        if (!e.bytes) clear_padding_lanes(static_cast<float*>(a.dst) + to, columns, a.lanes);
      }
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
