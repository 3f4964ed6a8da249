// The tile of tile.hpp over a vector type of simd/. An ISA file instantiates conv_tile_of<V, pixels1,
// pixels2, pixels4>.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/conv/tile.hpp"

namespace tenon::cpu {
namespace {

alignas(64) constexpr float kZeroPixel[kChannelBlock] = {};

// Adds the products of `lanes` input lanes. at(p, c) is the input of pixel p in lane c. With each lane, Ahead
// fetches a line of later weights, and Soon, unless it is 0, what lies at `soon` and moves on by so many
// floats: in 16 lanes all pixels of a tile.
template <bool Ahead, int Soon, int Pixels, int Blocks, class V, class At>
inline __attribute__((always_inline)) void conv_lanes(V* acc, const float* weights, const ConvTile& t,
                                                      int lanes, const float*& ahead, const float* soon,
                                                      const At& at) {
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  for (int c = 0; c < lanes; ++c) {
    if constexpr (Ahead) {
      __builtin_prefetch(ahead, 0, 2);
      ahead += t.ahead_step;
    }
    if constexpr (Soon > 0) {
      __builtin_prefetch(soon, 0, 3);
      soon += Soon;
    }
    V column[kVectors];
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      column[v.value] =
          V::load(weights + (v.value / kPerBlock) * t.weights_oc_block + (v.value % kPerBlock) * V::kLanes);
    });
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      const V x = V::set1(*at(p, c));
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        V& sum = acc[p.value * kVectors + v.value];
        sum = fma(x, column[v.value], sum);
      });
    });
    weights += kChannelBlock;
  }
}

template <class V, ConvAccess Access, bool Ahead, int Pixels, int Blocks>
void conv_tile(const ConvTile& t) noexcept {
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  V acc[Pixels * kVectors];

  const float* tile_src = t.src;
  const float* tile_weights = t.weights;
  const float* tile_bias = t.bias;
  const float* ahead = t.ahead;
  std::ptrdiff_t offset = 0;  // in dst and residual
  const auto at = [&](int p, int v) TENON_INLINE_LAMBDA {
    return offset + p * t.dst_pixel + (v / kPerBlock) * t.dst_oc_block + (v % kPerBlock) * V::kLanes;
  };
  const auto each = [&](const auto& body) TENON_INLINE_LAMBDA {
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      unroll<kVectors>(
          [&](auto v) TENON_INLINE_LAMBDA { body(p.value, v.value, acc[p.value * kVectors + v.value]); });
    });
  };

  // A residual that meets its tile whole is added last: it is fetched while the products are computed.
  const bool residual_last = t.residual != nullptr && t.first && t.last;

  for (int tile = 0;;) {
    if (residual_last) {
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
        for (int b = 0; b < Blocks; ++b) __builtin_prefetch(t.residual + at(p.value, b * kPerBlock), 0, 3);
      });
    }
    if (t.first) {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        const V bias = t.bias ? V::load(tile_bias + v.value * V::kLanes) : V::zero();
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = bias; });
      });
      if (t.residual && !residual_last) {
        each([&](int p, int v, V& sum) TENON_INLINE_LAMBDA { sum = sum + V::load(t.residual + at(p, v)); });
      }
    } else {
      each([&](int p, int v, V& sum) TENON_INLINE_LAMBDA { sum = V::load(t.dst + at(p, v)); });
    }

    for (int b = 0; b < t.blocks; ++b) {
      const float* block = tile_src + b * t.src_block;
      const float* following = b + 1 < t.blocks ? block + t.src_block : tile_src + t.next_src;
      const int lanes = b == t.blocks - 1 ? t.last_lanes : kChannelBlock;
      for (int h = 0; h < t.taps_h; ++h) {
        const float* weights = tile_weights + b * t.weights_block + h * t.weights_tap_h;
        const float* src = block + h * t.src_tap_h;
        for (int w = 0; w < t.taps_w; ++w) {
          if constexpr (Access == ConvAccess::row || Access == ConvAccess::row2) {
            constexpr int kStep = Access == ConvAccess::row ? kChannelBlock : 2 * kChannelBlock;
            constexpr int kSoon = Access == ConvAccess::row ? Pixels : kStep;
            conv_lanes<Ahead, kSoon, Pixels, Blocks>(
                acc, weights, t, lanes, ahead, following + (src - block),
                [&](auto p, int c) TENON_INLINE_LAMBDA { return src + p.value * kStep + c; });
          } else if constexpr (Access == ConvAccess::gather) {
            const float* pixel[Pixels];
            for (int p = 0; p < Pixels; ++p) {
              const int y = t.row[p] + h * t.row_step;
              const int x = t.column[p] + w * t.column_step;
              const bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(t.src_h) &&
                                  static_cast<unsigned>(x) < static_cast<unsigned>(t.src_w);
              pixel[p] = inside ? block + (static_cast<std::ptrdiff_t>(y) * t.src_w + x) * kChannelBlock
                                : kZeroPixel;
            }
            conv_lanes<Ahead, 0, Pixels, Blocks>(acc, weights, t, lanes, ahead, nullptr,
                                                 [&](auto p, int c)
                                                     TENON_INLINE_LAMBDA { return pixel[p.value] + c; });
          } else {
            const std::ptrdiff_t step = Access == ConvAccess::planar1   ? 1
                                        : Access == ConvAccess::planar2 ? 2
                                                                        : t.src_pixel;
            conv_lanes<Ahead, 0, Pixels, Blocks>(acc, weights, t, 1, ahead, nullptr,
                                                 [&](auto p, int)
                                                     TENON_INLINE_LAMBDA { return src + p.value * step; });
          }
          weights += t.weights_tap_w;
          src += t.src_tap_w;
        }
      }
    }

    if (residual_last) {
      each([&](int p, int v, V& sum) TENON_INLINE_LAMBDA { sum = sum + V::load(t.residual + at(p, v)); });
    }
    if (t.last) activate(acc, t.act);
    each([&](int p, int v, V& sum) TENON_INLINE_LAMBDA { sum.store(t.dst + at(p, v)); });
    if (++tile >= t.tiles) return;
    tile_src += t.next_src;
    tile_weights += t.next_weights;
    if (t.bias) tile_bias += t.next_bias;
    offset += t.next_dst;
  }
}

template <class V, ConvAccess Access, bool Ahead, int Blocks, int MaxPixels>
inline __attribute__((always_inline)) void conv_tile_with(const ConvTile& t, int pixels) noexcept {
  if constexpr (MaxPixels > 0) {
    using Tile = void (*)(const ConvTile&) noexcept;
    struct Table {
      Tile tile[MaxPixels] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxPixels>([&](auto p) TENON_INLINE_LAMBDA {
        all.tile[p.value] = conv_tile<V, Access, Ahead, p.value + 1, Blocks>;
      });
      return all;
    }();
    table.tile[pixels - 1](t);
  }
}

template <class V, ConvAccess Access, bool Ahead, int Pixels1, int Pixels2, int Pixels4>
inline __attribute__((always_inline)) void conv_tile_of(const ConvTile& t, int pixels,
                                                        int oc_blocks) noexcept {
  switch (oc_blocks) {
    case 1: return conv_tile_with<V, Access, Ahead, 1, Pixels1>(t, pixels);
    case 2: return conv_tile_with<V, Access, Ahead, 2, Pixels2>(t, pixels);
    default: return conv_tile_with<V, Access, Ahead, 4, Pixels4>(t, pixels);
  }
}

template <class V, int Pixels1, int Pixels2, int Pixels4>
inline __attribute__((always_inline)) void conv_tile_of(const ConvTile& t, ConvAccess access, int pixels,
                                                        int oc_blocks) noexcept {
  switch (access) {
    case ConvAccess::row:
      if (t.ahead)
        return conv_tile_of<V, ConvAccess::row, true, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
      return conv_tile_of<V, ConvAccess::row, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
    case ConvAccess::row2:
      if (t.ahead)
        return conv_tile_of<V, ConvAccess::row2, true, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
      return conv_tile_of<V, ConvAccess::row2, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
    case ConvAccess::gather:
      if (t.ahead)
        return conv_tile_of<V, ConvAccess::gather, true, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
      return conv_tile_of<V, ConvAccess::gather, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
    case ConvAccess::planar:
      return conv_tile_of<V, ConvAccess::planar, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
    case ConvAccess::planar1:
      return conv_tile_of<V, ConvAccess::planar1, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
    case ConvAccess::planar2:
      return conv_tile_of<V, ConvAccess::planar2, false, Pixels1, Pixels2, Pixels4>(t, pixels, oc_blocks);
  }
}

}  // namespace
}  // namespace tenon::cpu
