// The tile of tile.hpp. An ISA file takes a Dot (band/tile_generic.hpp) whose sums are simd::I32 from
// pairs.hpp or fours.hpp, or defines one, and instantiates band_tile_of<S8Tiles<Dot>, pixels1, pixels2,
// pixels3, pixels4>.
#pragma once

#include "backends/cpu/kernels/band/tile_generic.hpp"
#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/conv_s8/tile.hpp"

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
template <int Pixels, int Blocks>
inline __attribute__((always_inline)) void s8_store_blocks(const ConvS8Tile& t, const simd::Codes& codes,
                                                           int tile, const simd::I32* acc) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / simd::I32::kLanes;
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
        v[i.value] = to_float(acc[(kAt / kPerBlock * Blocks + kBlock) * kPerBlock + kAt % kPerBlock]) *
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

// Whether s8_store_floats does the tile: floats in whole channel blocks.
bool s8_stores_floats(const ConvS8Tile& t) { return !t.requantize->bytes && t.last_lanes == kChannelBlock; }

// As s8_store_blocks, for floats.
template <int Pixels, int Blocks>
inline __attribute__((always_inline)) void s8_store_floats(const ConvS8Tile& t, int tile,
                                                           const simd::I32* acc) {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / simd::I32::kLanes;
  const Requantize& e = *t.requantize;
  unroll<Blocks>([&](auto block) TENON_INLINE_LAMBDA {
    constexpr int kBlock = decltype(block)::value;
    const float* multiplier = t.multiplier + tile * t.next_channels + kBlock * kChannelBlock;
    std::ptrdiff_t at = t.dst_at + tile * t.next_dst + kBlock * t.dst_oc_block;
    V scale[kPerBlock];
    unroll<kPerBlock>(
        [&](auto i) TENON_INLINE_LAMBDA { scale[i.value] = V::load(multiplier + i.value * V::kLanes); });
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      V v[kPerBlock];
      unroll<kPerBlock>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value] = to_float(acc[(p.value * Blocks + kBlock) * kPerBlock + i.value]) * scale[i.value];
      });
      if (e.residual) add_byte_residual(e, at, v);
      activate_quantized(e, v);
      unroll<kPerBlock>([&](auto i) TENON_INLINE_LAMBDA {
        v[i.value].store(static_cast<float*>(t.dst) + at + i.value * V::kLanes);
      });
      at += t.dst_pixel;
    });
  });
}

template <class DotOf>
struct S8Tiles {
  using Dot = DotOf;

  template <int Step, int Pixels, int Blocks>
  static void run(const ConvS8Tile& t) noexcept {
    constexpr int kPerBlock = kChannelBlock / simd::I32::kLanes;
    constexpr int kVectors = Blocks * kPerBlock;
    const simd::Codes codes = codes_of(*t.requantize);
    const bool stores_blocks = s8_stores_blocks(t), stores_floats = s8_stores_floats(t);
    band_tile<Dot, Step, Pixels, Blocks>(
        t,
        [&](int tile, int vector) TENON_INLINE_LAMBDA {
          return simd::I32::load(t.bias + tile * t.next_channels + vector * simd::I32::kLanes);
        },
        [&](int tile, const simd::I32* acc) TENON_INLINE_LAMBDA {
          if (stores_blocks) return s8_store_blocks<Pixels, Blocks>(t, codes, tile, acc);
          if (stores_floats) return s8_store_floats<Pixels, Blocks>(t, tile, acc);
          alignas(64) std::int32_t sums[Pixels * Blocks * kChannelBlock];
          unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
            unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
              acc[p.value * kVectors + v.value].store(
                  sums + (v.value / kPerBlock * Pixels + p.value) * kChannelBlock +
                  v.value % kPerBlock * simd::I32::kLanes);
            });
          });
          s8_store(t, codes, tile, sums, Pixels, Blocks);
        });
  }
};

}  // namespace
}  // namespace tenon::cpu
