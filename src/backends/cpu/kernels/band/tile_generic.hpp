// The products of a tile (tile.hpp), written once over a way to form them:
//
//   struct Dot {
//     using Acc, Weights, X = …;                  registers: sums of kLanes output channels, their weights of
//                                                 one group, a group of a pixel's channels for every lane
//     static constexpr int kLanes;                16 or a divisor
//     static constexpr int kGroup;                channels
//     static constexpr int kElement;              bytes of a source element
//     static constexpr bool kHoldsWeights;        whether all weights of a group fit beside the sums
//     static constexpr bool kIsNarrow;            whether addresses are worth knowing when compiling: a
//                                                 product is one instruction
//     static Weights weights(const Weight*);      [kLanes][kGroup]
//     static X broadcast(const std::byte*);       kGroup elements
//     static Acc dot(Acc, X, Weights);
//     static Acc dot_in_place(Acc, X, Weights);   if there is one, for pixels whose addresses are known when
//                                                 compiling: with other ones it costs more than it gains
//   };
//
// A Dot whose sums are too narrow to take all products has chains of them, which it adds to totals in memory:
//
//     using Chain = …;                            what dot() adds to instead of an Acc
//     static constexpr int kChain;                groups that one takes, at least 4
//     static constexpr int kTotal;                floats of memory for each chain, where totals are
//     static Chain zero();
//     template <int Count>                        clears chains and adds them to the totals; `before`: how
//     static void fold(Chain (&)[Count],          often that was done, 0 where totals hold nothing
//                      float* totals, int before);
//     template <int Count>                        adds totals and chains, for the last time, to sums
//     static void take(Chain (&)[Count], float* totals, int before, Acc (&sums)[Count]);
//
// A family wraps band_tile in a struct whose instances band_tile_of chooses from:
//
//   struct Tiles {
//     using Dot = …;
//     template <int Step, int Pixels, int Blocks>
//     static void run(const Tile&) noexcept;
//   };
#pragma once

#include "backends/cpu/kernels/band/tile.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

// What the registers of a tile hold.
template <class Dot>
struct BandSums {
  using Register = typename Dot::Acc;
  static constexpr int kChain = 0;
  static constexpr int kTotal = 0;
};
template <class Dot>
requires requires { Dot::kChain; }
struct BandSums<Dot> {
  using Register = typename Dot::Chain;
  static constexpr int kChain = Dot::kChain;
  static constexpr int kTotal = Dot::kTotal;
};

// Step: bytes from pixel to pixel, 0 if the tile says. Sums begin as start(tile, vector), an Acc for the
// vector-th kLanes output channels; finish(tile, sums) gets them as [pixel][block][kChannelBlock / kLanes].
template <class Dot, int Step, int Pixels, int Blocks, class Tile, class Start, class Finish>
inline __attribute__((always_inline)) void band_tile(const Tile& t, const Start& start,
                                                     const Finish& finish) {
  constexpr int kPerBlock = kChannelBlock / Dot::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  constexpr int kGroupBytes = Dot::kGroup * Dot::kElement;
  constexpr int kGroupsAtOnce = 4;
  constexpr int kSums = Pixels * kVectors;
  constexpr int kChain = BandSums<Dot>::kChain;
  typename BandSums<Dot>::Register acc[kSums];
  alignas(64) [[maybe_unused]] float totals[kSums * BandSums<Dot>::kTotal + 1];
  const auto* ahead = static_cast<const std::byte*>(t.ahead);
  const std::ptrdiff_t step = Step == 0 ? t.src_pixel : Step;
  [[maybe_unused]] const auto* far = static_cast<const std::byte*>(t.ahead);
  if constexpr (requires { t.far; }) {
    if (t.far_step != 0) far = t.far;
  }

  for (int tile = 0; tile < t.tiles; ++tile) {
    const auto* weights = t.weights + tile * t.next_weights;
    [[maybe_unused]] int chain = 0;  // groups in the chains
    [[maybe_unused]] int folds = 0;
    if constexpr (kChain > 0) {
      unroll<kSums>([&](auto i) TENON_INLINE_LAMBDA { acc[i.value] = Dot::zero(); });
    } else {
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        const typename Dot::Acc first = start(tile, v.value);
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = first; });
      });
    }

    const auto column = [&](int v) TENON_INLINE_LAMBDA {
      return Dot::weights(weights + v / kPerBlock * t.weights_oc_block +
                          v % kPerBlock * Dot::kLanes * Dot::kGroup);
    };
    const auto group = [&](const std::byte* src) TENON_INLINE_LAMBDA {
      __builtin_prefetch(ahead, 0, 2);
      ahead += t.ahead_step;
      if constexpr (requires { t.far; }) {
        __builtin_prefetch(far, 0, 2);
        far += t.far_step;
      }
      if constexpr (Dot::kHoldsWeights) {
        typename Dot::Weights w[kVectors];
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { w[v.value] = column(v.value); });
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          const auto x = Dot::broadcast(src + p.value * step);
          unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
            auto& sum = acc[p.value * kVectors + v.value];
            if constexpr (Step != 0 && requires { &Dot::dot_in_place; }) {
              sum = Dot::dot_in_place(sum, x, w[v.value]);
            } else {
              sum = Dot::dot(sum, x, w[v.value]);
            }
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
      weights += kChannelBlock * Dot::kGroup;
    };

    const std::byte* block = t.src + tile * t.next_src;
    for (int b = 0; b < t.blocks; ++b, block += t.src_block) {
      const int groups = b == t.blocks - 1 ? t.last_groups : kChannelBlock / Dot::kGroup;
      if (t.ahead_block != 0)
        ahead = static_cast<const std::byte*>(t.ahead) + tile * t.next_src + b * t.ahead_block;
      for (int h = 0; h < t.taps_h; ++h) {
        const std::byte* src = block + h * t.src_tap_h;
        for (int w = 0; w < t.taps_w; ++w, src += t.src_tap_w) {
          const std::byte* at = src;
          int left = groups;
          const auto several = [&]() TENON_INLINE_LAMBDA {
            unroll<kGroupsAtOnce>([&](auto g) TENON_INLINE_LAMBDA { group(at + g.value * kGroupBytes); });
            left -= kGroupsAtOnce;
            at += kGroupsAtOnce * kGroupBytes;
          };
          if constexpr (kChain > 0) {
            constexpr int kRoom = kChain - kGroupsAtOnce;
            do {
              if (chain > kRoom) {
                Dot::fold(acc, totals, folds++);
                chain = 0;
              }
              for (; left >= kGroupsAtOnce && chain <= kRoom; chain += kGroupsAtOnce) several();
              if (left < kGroupsAtOnce && chain <= kRoom) {
                for (; left > 0; --left, ++chain, at += kGroupBytes) group(at);
              }
            } while (left > 0);
          } else if constexpr (kChannelBlock / Dot::kGroup > kGroupsAtOnce) {
            while (left >= kGroupsAtOnce) several();
          } else {
            if (left >= kGroupsAtOnce) several();  // a block; more are rare
          }
          for (; left > 0; --left, at += kGroupBytes) group(at);
        }
      }
    }
    if constexpr (kChain > 0) {
      typename Dot::Acc sums[kSums];
      unroll<kSums>([&](auto i) TENON_INLINE_LAMBDA { sums[i.value] = start(tile, i.value % kVectors); });
      Dot::take(acc, totals, folds, sums);
      finish(tile, sums);
    } else {
      finish(tile, acc);
    }
  }
}

template <class Tiles, int Step, int Blocks, int MaxPixels, class Tile>
inline __attribute__((always_inline)) void band_tile_with(const Tile& t, int pixels) noexcept {
  if constexpr (MaxPixels > 0) {
    using Run = void (*)(const Tile&) noexcept;
    struct Table {
      Run run[MaxPixels] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxPixels>([&](auto p) TENON_INLINE_LAMBDA {
        all.run[p.value] = Tiles::template run<Step, p.value + 1, Blocks>;
      });
      return all;
    }();
    table.run[pixels - 1](t);
  }
}

template <class Tiles, int Step, int Pixels1, int Pixels2, int Pixels3, int Pixels4, class Tile>
inline __attribute__((always_inline)) void band_tile_by(const Tile& t, int pixels, int oc_blocks) noexcept {
  switch (oc_blocks) {
    case 1: return band_tile_with<Tiles, Step, 1, Pixels1>(t, pixels);
    case 2: return band_tile_with<Tiles, Step, 2, Pixels2>(t, pixels);
    case 3: return band_tile_with<Tiles, Step, 3, Pixels3>(t, pixels);
    default: return band_tile_with<Tiles, Step, 4, Pixels4>(t, pixels);
  }
}

// Pixels1 to Pixels4: BandTileSizes. Pixels one after the other, each a block of channels, are what most
// tiles read.
template <class Tiles, int Pixels1, int Pixels2, int Pixels3, int Pixels4, class Tile>
inline __attribute__((always_inline)) void band_tile_of(const Tile& t, int pixels, int oc_blocks) noexcept {
  if constexpr (Tiles::Dot::kIsNarrow) {
    constexpr int kStep = kChannelBlock * Tiles::Dot::kElement;
    if (t.src_pixel == kStep)
      return band_tile_by<Tiles, kStep, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
  }
  band_tile_by<Tiles, 0, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
}

}  // namespace
}  // namespace tenon::cpu
