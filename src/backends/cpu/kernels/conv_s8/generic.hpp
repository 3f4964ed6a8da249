// The tile of tile.hpp over a way to form dot products. An ISA file defines
//
//   struct Dot {
//     using Acc, Weights, X = …;                  registers: sums of kLanes output channels, their weights of
//                                                 one group, a group of a pixel's channels for every lane
//     static constexpr int kLanes;                16 or a divisor
//     static constexpr int kElement;              bytes of a source element
//     static constexpr bool kHoldsWeights;        whether all weights of a group fit beside the sums
//     static Acc start(const std::int32_t* bias);
//     static Weights weights(const std::int8_t*); [kLanes][4]
//     static X broadcast(const std::uint8_t*);    4 elements
//     static Acc dot(Acc, X, Weights);
//     static simd::I32 sum(Acc);
//   };
//
// and instantiates s8_tile_of<Dot, pixels1, pixels2, pixels3, pixels4>.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/conv_s8/tile.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

// sums[block][pixel][16] to where the results of the tile belong that is `tile` on from the first.
void s8_store(const ConvS8Tile& t, const simd::Codes& codes, int tile, const std::int32_t* sums, int pixels,
              int oc_blocks) {
  const Requantize& e = *t.requantize;
  const float* multiplier = t.multiplier + tile * t.next_channels;
  for (int b = 0; b < oc_blocks; ++b, sums += pixels * kChannelBlock, multiplier += kChannelBlock) {
    const int lanes = b == oc_blocks - 1 ? t.last_lanes : kChannelBlock;
    std::ptrdiff_t at = t.dst_at + tile * t.next_dst + b * t.dst_oc_block;
    if (t.dst_pixel == kChannelBlock && lanes == kChannelBlock) {
      requantize_block(e, codes, sums, multiplier, t.dst, at, pixels);
    } else if (lanes == kChannelBlock) {
      for (int p = 0; p < pixels; ++p, at += t.dst_pixel)
        requantize_block(e, codes, sums + p * kChannelBlock, multiplier, t.dst, at, 1);
    } else {
      // By way of a block of its own: neither residual nor result extend beyond `lanes`.
      const auto* residual = static_cast<const std::uint8_t*>(e.residual);
      const int element = e.bytes ? 1 : static_cast<int>(sizeof(float));
      Requantize part = e;
      std::uint8_t from[kChannelBlock] = {};
      alignas(64) std::uint8_t to[kChannelBlock * sizeof(float)];
      if (residual) part.residual = from;
      for (int p = 0; p < pixels; ++p, at += t.dst_pixel) {
        if (residual) std::memcpy(from, residual + at, static_cast<std::size_t>(lanes));
        requantize_block(part, codes, sums + p * kChannelBlock, multiplier, to, 0, 1);
        std::memcpy(static_cast<std::uint8_t*>(t.dst) + at * element, to,
                    static_cast<std::size_t>(lanes * element));
      }
    }
  }
}

// Whether s8_store_blocks does the tile: narrow bytes in whole channel blocks, pixel after pixel where there
// is a residual.
bool s8_stores_blocks(const ConvS8Tile& t) {
  return t.requantize->narrow && t.last_lanes == kChannelBlock &&
         (t.dst_pixel == kChannelBlock || t.requantize->residual == nullptr);
}

// As s8_store, from registers: sums are acc[pixel][block][kChannelBlock / kLanes].
template <class Dot, int Pixels, int Blocks>
inline __attribute__((always_inline)) void s8_store_blocks(const ConvS8Tile& t, const simd::Codes& codes,
                                                           int tile, const typename Dot::Acc* acc) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / Dot::kLanes;
  constexpr int kVectors = Pixels * kPerBlock;  // of a block
  const Requantize& e = *t.requantize;
  unroll<Blocks>([&](auto block) TENON_INLINE_LAMBDA {
    constexpr int kBlock = decltype(block)::value;
    const float* multiplier = t.multiplier + tile * t.next_channels + kBlock * kChannelBlock;
    const std::ptrdiff_t at = t.dst_at + tile * t.next_dst + kBlock * t.dst_oc_block;
    V scale[kPerBlock];
    unroll<kPerBlock>(
        [&](auto i) TENON_INLINE_LAMBDA { scale[i.value] = V::load(multiplier + i.value * V::kLanes); });
    const auto some = [&]<int Count, int First>(Index<Count>, Index<First>) TENON_INLINE_LAMBDA {
      V v[Count];
      unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
        constexpr int kAt = First + decltype(i)::value;
        v[i.value] =
            to_float(Dot::sum(acc[(kAt / kPerBlock * Blocks + kBlock) * kPerBlock + kAt % kPerBlock])) *
            scale[kAt % kPerBlock];
      });
      if (t.dst_pixel == kChannelBlock) {
        if (e.residual) add_byte_residual(e, at + First * V::kLanes, v);
        store_narrow(e, codes, v, t.dst, at + First * V::kLanes);
        return;
      }
      alignas(64) std::uint8_t bytes[Count * V::kLanes];
      store_narrow(e, codes, v, bytes, 0);
      constexpr int kPart = Count < kPerBlock ? V::kLanes : kChannelBlock;  // bytes of a pixel
      unroll<Count * V::kLanes / kPart>([&](auto i) TENON_INLINE_LAMBDA {
        constexpr int kElement = First * V::kLanes + decltype(i)::value * kPart;
        std::memcpy(static_cast<std::uint8_t*>(t.dst) + at + kElement / kChannelBlock * t.dst_pixel +
                        kElement % kChannelBlock,
                    bytes + i.value * kPart, kPart);
      });
    };
    unroll<kVectors / 4>([&](auto i)
                             TENON_INLINE_LAMBDA { some(Index<4>{}, Index<4 * decltype(i)::value>{}); });
    unroll<kVectors % 4>([&](auto i) TENON_INLINE_LAMBDA {
      some(Index<1>{}, Index<kVectors / 4 * 4 + decltype(i)::value>{});
    });
  });
}

// Step: bytes from pixel to pixel, 0 if the tile says.
template <class Dot, int Step, int Pixels, int Blocks>
void s8_tile(const ConvS8Tile& t) noexcept {
  constexpr int kPerBlock = kChannelBlock / Dot::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  constexpr int kGroupBytes = kS8Group * Dot::kElement;
  typename Dot::Acc acc[Pixels * kVectors];
  const simd::Codes codes = codes_of(*t.requantize);
  const bool stores_blocks = s8_stores_blocks(t);
  const auto* ahead = static_cast<const std::uint8_t*>(t.ahead);
  const std::ptrdiff_t step = Step == 0 ? t.src_pixel : Step;

  for (int tile = 0; tile < t.tiles; ++tile) {
    const std::int8_t* weights = t.weights + tile * t.next_weights;
    const std::int32_t* first = t.bias + tile * t.next_channels;
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const typename Dot::Acc bias = Dot::start(first + v.value * Dot::kLanes);
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = bias; });
    });

    const auto column = [&](int v) TENON_INLINE_LAMBDA {
      return Dot::weights(weights + v / kPerBlock * t.weights_oc_block +
                          v % kPerBlock * Dot::kLanes * kS8Group);
    };
    const auto group = [&](const std::uint8_t* src) TENON_INLINE_LAMBDA {
      __builtin_prefetch(ahead, 0, 2);
      ahead += t.ahead_step;
      if constexpr (Dot::kHoldsWeights) {
        typename Dot::Weights w[kVectors];
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { w[v.value] = column(v.value); });
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          const auto x = Dot::broadcast(src + p.value * step);
          unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
            auto& sum = acc[p.value * kVectors + v.value];
            sum = Dot::dot(sum, x, w[v.value]);
          });
        });
      } else {
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          const auto w = column(v.value);
          unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
            auto& sum = acc[p.value * kVectors + v.value];
            sum = Dot::dot(sum, Dot::broadcast(src + p.value * step), w);
          });
        });
      }
      weights += kS8GroupWeights;
    };

    const std::uint8_t* block = t.src + tile * t.next_src;
    for (int b = 0; b < t.blocks; ++b, block += t.src_block) {
      const int groups = b == t.blocks - 1 ? t.last_groups : kChannelBlock / kS8Group;
      if (t.ahead_block != 0)
        ahead = static_cast<const std::uint8_t*>(t.ahead) + tile * t.next_src + b * t.ahead_block;
      for (int h = 0; h < t.taps_h; ++h) {
        const std::uint8_t* src = block + h * t.src_tap_h;
        for (int w = 0; w < t.taps_w; ++w, src += t.src_tap_w) {
          if (groups == kChannelBlock / kS8Group) {
            unroll<kChannelBlock / kS8Group>([&](auto g)
                                                 TENON_INLINE_LAMBDA { group(src + g.value * kGroupBytes); });
          } else {
            for (int g = 0; g < groups; ++g) group(src + g * kGroupBytes);
          }
        }
      }
    }

    if (stores_blocks) {
      s8_store_blocks<Dot, Pixels, Blocks>(t, codes, tile, acc);
      continue;
    }
    alignas(64) std::int32_t sums[Pixels * Blocks * kChannelBlock];
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        Dot::sum(acc[p.value * kVectors + v.value])
            .store(sums + (v.value / kPerBlock * Pixels + p.value) * kChannelBlock +
                   v.value % kPerBlock * Dot::kLanes);
      });
    });
    s8_store(t, codes, tile, sums, Pixels, Blocks);
  }
}

template <class Dot, int Step, int Blocks, int MaxPixels>
inline __attribute__((always_inline)) void s8_tile_with(const ConvS8Tile& t, int pixels) noexcept {
  if constexpr (MaxPixels > 0) {
    using Tile = void (*)(const ConvS8Tile&) noexcept;
    struct Table {
      Tile tile[MaxPixels] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxPixels>(
          [&](auto p) TENON_INLINE_LAMBDA { all.tile[p.value] = s8_tile<Dot, Step, p.value + 1, Blocks>; });
      return all;
    }();
    table.tile[pixels - 1](t);
  }
}

template <class Dot, int Step, int Pixels1, int Pixels2, int Pixels3, int Pixels4>
inline __attribute__((always_inline)) void s8_tile_of(const ConvS8Tile& t, int pixels,
                                                      int oc_blocks) noexcept {
  switch (oc_blocks) {
    case 1: return s8_tile_with<Dot, Step, 1, Pixels1>(t, pixels);
    case 2: return s8_tile_with<Dot, Step, 2, Pixels2>(t, pixels);
    case 3: return s8_tile_with<Dot, Step, 3, Pixels3>(t, pixels);
    default: return s8_tile_with<Dot, Step, 4, Pixels4>(t, pixels);
  }
}

// Pixels one after the other, each a block of channels, are what most tiles read.
template <class Dot, int Pixels1, int Pixels2, int Pixels3, int Pixels4>
inline __attribute__((always_inline)) void s8_tile_of(const ConvS8Tile& t, int pixels,
                                                      int oc_blocks) noexcept {
  constexpr int kStep = kChannelBlock * Dot::kElement;
  if (t.src_pixel == kStep)
    return s8_tile_of<Dot, kStep, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
  s8_tile_of<Dot, 0, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
}

}  // namespace
}  // namespace tenon::cpu
