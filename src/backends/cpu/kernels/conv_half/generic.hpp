// The tile of tile.hpp over a way to form dot products. An ISA file defines, or takes from wide.hpp,
//
//   struct Dot {
//     using Half = …;                             bfloat16 or float16
//     using Weights, X = …;                       registers: the weights of one group for F32::kLanes output
//     channels,
//                                                 a group of a pixel's channels for every lane
//     static constexpr bool kWide;
//     static constexpr bool kHoldsWeights;        whether all weights of a group fit beside the sums
//     static Weights weights(const std::uint16_t*);
//     static X broadcast(const std::byte*);       2 elements
//     static simd::F32 dot(simd::F32, X, Weights);
//   };
//
// and instantiates half_tile_of<Dot, pixels1, pixels2, pixels3, pixels4>, half_copy, half_copy_single and
// half_interleave.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/conv_half/tile.hpp"
#include "backends/cpu/kernels/simd/half.hpp"

#include <cstring>
#include <type_traits>

namespace tenon::cpu {
namespace {

// body(vector, element of dst, vector of the 16 channels' as which it starts, lanes of it that are stored).
template <int Pixels, int Blocks, class V, class Body>
inline __attribute__((always_inline)) void half_each(const ConvHalfTile& t, std::ptrdiff_t at, V* acc,
                                                     const Body& body) {
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      constexpr int kFirst = v.value % kPerBlock * V::kLanes;
      int lanes = V::kLanes;
      if constexpr (v.value / kPerBlock == Blocks - 1) {
        lanes = t.last_lanes - kFirst;
        lanes = lanes < 0 ? 0 : lanes < V::kLanes ? lanes : V::kLanes;
      }
      body(acc[p.value * kVectors + v.value],
           at + p.value * t.dst_pixel + v.value / kPerBlock * t.dst_oc_block + kFirst, lanes);
    });
  });
}

template <class Element, bool Full, int Pixels, int Blocks, class V>
inline __attribute__((always_inline)) void half_add_residual(const ConvHalfTile& t, std::ptrdiff_t at,
                                                             V* acc) {
  const auto* residual = static_cast<const Element*>(t.residual);
  half_each<Pixels, Blocks>(t, at, acc, [&](V& x, std::ptrdiff_t i, int lanes) TENON_INLINE_LAMBDA {
    if constexpr (Full) {
      x = x + simd::load(residual + i);
    } else {
      x = x + simd::load_n(residual + i, lanes);
    }
  });
}

template <class Element, bool Full, int Pixels, int Blocks, class V>
inline __attribute__((always_inline)) void half_store(const ConvHalfTile& t, std::ptrdiff_t at, V* acc) {
  auto* dst = static_cast<Element*>(t.dst);
  half_each<Pixels, Blocks>(t, at, acc, [&](V& x, std::ptrdiff_t i, int lanes) TENON_INLINE_LAMBDA {
    if constexpr (Full) {
      simd::store(dst + i, x);
    } else {
      simd::store_n(dst + i, x, lanes);
    }
  });
}

// Sums are acc[pixel][block][kChannelBlock / kLanes]; `at` is where their first goes.
template <class Half, bool Full, int Pixels, int Blocks, int Count, class V>
inline __attribute__((always_inline)) void half_finish(const ConvHalfTile& t, std::ptrdiff_t at,
                                                       V (&acc)[Count]) {
  if (t.residual) {
    if (t.residual_single) {
      half_add_residual<float, Full, Pixels, Blocks>(t, at, acc);
    } else {
      half_add_residual<Half, Full, Pixels, Blocks>(t, at, acc);
    }
  }
  activate(acc, t.act);
  if (t.dst_single) {
    half_store<float, Full, Pixels, Blocks>(t, at, acc);
  } else {
    half_store<Half, Full, Pixels, Blocks>(t, at, acc);
  }
}

// Step: bytes from pixel to pixel, 0 if the tile says.
template <class Dot, int Step, int Pixels, int Blocks>
void half_tile(const ConvHalfTile& t) noexcept {
  using V = simd::F32;
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  constexpr int kGroups = kChannelBlock / kHalfGroup;
  constexpr int kGroupBytes = kHalfGroup * (Dot::kWide ? 4 : 2);
  V acc[Pixels * kVectors];
  const std::uint16_t* ahead = t.ahead;
  const std::ptrdiff_t step = Step == 0 ? t.src_pixel : Step;

  for (int tile = 0; tile < t.tiles; ++tile) {
    const std::uint16_t* weights = t.weights + tile * t.next_weights;
    const float* first = t.bias + (t.bias ? tile * t.next_channels : 0);
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const V bias = t.bias ? V::load(first + v.value * V::kLanes) : V::zero();
      unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA { acc[p.value * kVectors + v.value] = bias; });
    });

    const auto column = [&](int v) TENON_INLINE_LAMBDA {
      return Dot::weights(weights + v / kPerBlock * t.weights_oc_block +
                          v % kPerBlock * V::kLanes * kHalfGroup);
    };
    const auto group = [&](const std::byte* src) TENON_INLINE_LAMBDA {
      __builtin_prefetch(ahead, 0, 2);
      ahead += t.ahead_step;
      if constexpr (Dot::kHoldsWeights) {
        typename Dot::Weights w[kVectors];
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { w[v.value] = column(v.value); });
        unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
          const auto x = Dot::broadcast(src + p.value * step);
          unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
            V& sum = acc[p.value * kVectors + v.value];
            sum = Dot::dot(sum, x, w[v.value]);
          });
        });
      } else {
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          const auto w = column(v.value);
          unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
            V& sum = acc[p.value * kVectors + v.value];
            sum = Dot::dot(sum, Dot::broadcast(src + p.value * step), w);
          });
        });
      }
      weights += kHalfGroupWeights;
    };

    const std::byte* block = t.src + tile * t.next_src;
    for (int b = 0; b < t.blocks; ++b, block += t.src_block) {
      const int groups = b == t.blocks - 1 ? t.last_groups : kGroups;
      for (int h = 0; h < t.taps_h; ++h) {
        const std::byte* src = block + h * t.src_tap_h;
        for (int w = 0; w < t.taps_w; ++w, src += t.src_tap_w) {
          const std::byte* at = src;
          int left = groups;
          for (; left >= kGroups / 2; left -= kGroups / 2, at += kGroups / 2 * kGroupBytes) {
            unroll<kGroups / 2>([&](auto g) TENON_INLINE_LAMBDA { group(at + g.value * kGroupBytes); });
          }
          for (; left > 0; --left, at += kGroupBytes) group(at);
        }
      }
    }

    const std::ptrdiff_t at = t.dst_at + tile * t.next_dst;
    if (t.last_lanes == kChannelBlock) {
      half_finish<typename Dot::Half, true, Pixels, Blocks>(t, at, acc);
    } else {
      half_finish<typename Dot::Half, false, Pixels, Blocks>(t, at, acc);
    }
  }
}

template <class Dot, int Step, int Blocks, int MaxPixels>
inline __attribute__((always_inline)) void half_tile_with(const ConvHalfTile& t, int pixels) noexcept {
  if constexpr (MaxPixels > 0) {
    using Tile = void (*)(const ConvHalfTile&) noexcept;
    struct Table {
      Tile tile[MaxPixels] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxPixels>(
          [&](auto p) TENON_INLINE_LAMBDA { all.tile[p.value] = half_tile<Dot, Step, p.value + 1, Blocks>; });
      return all;
    }();
    table.tile[pixels - 1](t);
  }
}

template <class Dot, int Step, int Pixels1, int Pixels2, int Pixels3, int Pixels4>
inline __attribute__((always_inline)) void half_tile_of(const ConvHalfTile& t, int pixels,
                                                        int oc_blocks) noexcept {
  switch (oc_blocks) {
    case 1: return half_tile_with<Dot, Step, 1, Pixels1>(t, pixels);
    case 2: return half_tile_with<Dot, Step, 2, Pixels2>(t, pixels);
    case 3: return half_tile_with<Dot, Step, 3, Pixels3>(t, pixels);
    default: return half_tile_with<Dot, Step, 4, Pixels4>(t, pixels);
  }
}

// Pixels one after the other, each a block of channels, are what most tiles read.
template <class Dot, int Pixels1, int Pixels2, int Pixels3, int Pixels4>
inline __attribute__((always_inline)) void half_tile_of(const ConvHalfTile& t, int pixels,
                                                        int oc_blocks) noexcept {
  constexpr int kStep = kChannelBlock * (Dot::kWide ? 4 : 2);
  if (t.src_pixel == kStep)
    return half_tile_of<Dot, kStep, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
  half_tile_of<Dot, 0, Pixels1, Pixels2, Pixels3, Pixels4>(t, pixels, oc_blocks);
}

template <class From, class To, class Of>
inline __attribute__((always_inline)) void half_map(const From* src, std::ptrdiff_t count, To* dst, Of of) {
  using V = simd::F32;
  std::ptrdiff_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) simd::store(dst + i, of(simd::load(src + i)));
  if (const auto left = static_cast<int>(count - i))
    simd::store_n(dst + i, of(simd::load_n(src + i, left)), left);
}

template <class Dot>
inline __attribute__((always_inline)) void half_copy(const void* src, std::ptrdiff_t count,
                                                     void* dst) noexcept {
  using Half = typename Dot::Half;
  if constexpr (Dot::kWide) {
    half_map(static_cast<const Half*>(src), count, static_cast<float*>(dst),
             [](simd::F32 x) TENON_INLINE_LAMBDA { return x; });
  } else {
    std::memcpy(dst, src, static_cast<std::size_t>(count) * sizeof(Half));
  }
}

template <class Dot>
inline __attribute__((always_inline)) void half_copy_single(const float* src, std::ptrdiff_t count,
                                                            void* dst) noexcept {
  using Half = typename Dot::Half;
  if constexpr (Dot::kWide) {
    half_map(src, count, static_cast<float*>(dst), [](simd::F32 x) TENON_INLINE_LAMBDA {
      Half rounded[simd::F32::kLanes];
      simd::store(rounded, x);
      return simd::load(rounded);
    });
  } else {
    half_map(src, count, static_cast<Half*>(dst), [](simd::F32 x) TENON_INLINE_LAMBDA { return x; });
  }
}

// One number as the source has it.
template <class Dot>
inline __attribute__((always_inline)) void half_put(simd::F32 x, std::ptrdiff_t step, int lanes, void* dst) {
  using Element = std::conditional_t<Dot::kWide, float, typename Dot::Half>;
  typename Dot::Half rounded[simd::F32::kLanes];
  simd::store(rounded, x);
  Element elements[simd::F32::kLanes];
  if constexpr (Dot::kWide) {
    simd::store(elements, simd::load(rounded));
  } else {
    std::memcpy(elements, rounded, sizeof elements);
  }
  for (int i = 0; i < lanes; ++i) static_cast<Element*>(dst)[i * step] = elements[i];
}

template <class Dot>
inline __attribute__((always_inline)) void half_interleave(const float* src, std::ptrdiff_t plane,
                                                           int channels, int width, std::ptrdiff_t count,
                                                           void* dst) noexcept {
  using V = simd::F32;
  auto* to = static_cast<std::byte*>(dst);
  constexpr int kElement = Dot::kWide ? 4 : 2;
  std::ptrdiff_t i = 0;
  if constexpr (!Dot::kWide) {
    // Channels c and c + 1 of a vector of pixels.
    const auto pair = [&](int c) TENON_INLINE_LAMBDA {
      const auto bits = [&](int channel) TENON_INLINE_LAMBDA {
        return bfloat16_bits(channel < channels ? V::load(src + channel * plane + i) : V::zero());
      };
      return bits(c) | simd::shift_left<16>(bits(c + 1));
    };
    for (; i + V::kLanes <= count; i += V::kLanes, to += V::kLanes * width * kElement) {
      if (width == 2) {
        pair(0).store(reinterpret_cast<std::int32_t*>(to));
      } else {
        store_zipped(pair(0), pair(2), reinterpret_cast<std::int32_t*>(to));
      }
    }
  }
  for (; i < count; i += V::kLanes, to += V::kLanes * width * kElement) {
    const int lanes = count - i < V::kLanes ? static_cast<int>(count - i) : V::kLanes;
    for (int c = 0; c < width; ++c) {
      half_put<Dot>(c < channels ? V::load_n(src + c * plane + i, lanes) : V::zero(), width, lanes,
                    to + c * kElement);
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
