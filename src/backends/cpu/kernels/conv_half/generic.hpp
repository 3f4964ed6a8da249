// The tile of tile.hpp. An ISA file defines a Dot (band/tile_generic.hpp), or takes it from wide.hpp, whose
// sums are simd::F32, with also
//
//   using Half = …;                             bfloat16 or float16
//   static constexpr bool kWide;
//   static simd::I32 bits(simd::F32);           if not wide: rounded to Half, its bits in the lower halves
//
// and instantiates band_tile_of<HalfTiles<Dot>, pixels1, pixels2, pixels3, pixels4>, half_copy,
// half_copy_single and half_interleave.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/band/tile_generic.hpp"
#include "backends/cpu/kernels/conv_half/tile.hpp"
#include "backends/cpu/kernels/simd/half.hpp"

#include <cstring>
#include <type_traits>

namespace tenon::cpu {
namespace {

// body(vector, element of dst) for each.
template <int Pixels, int Blocks, class V, class Body>
inline __attribute__((always_inline)) void half_each(const ConvHalfTile& t, std::ptrdiff_t at, V* acc,
                                                     const Body& body) {
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      body(acc[p.value * kVectors + v.value], at + p.value * t.dst_pixel +
                                                  v.value / kPerBlock * t.dst_oc_block +
                                                  v.value % kPerBlock * V::kLanes);
    });
  });
}

template <class Element, int Pixels, int Blocks, class V>
inline __attribute__((always_inline)) void half_add_residual(const ConvHalfTile& t, std::ptrdiff_t at,
                                                             V* acc) {
  const auto* residual = static_cast<const Element*>(t.residual);
  half_each<Pixels, Blocks>(
      t, at, acc, [&](V& x, std::ptrdiff_t i) TENON_INLINE_LAMBDA { x = x + simd::load(residual + i); });
}

template <class Element, int Pixels, int Blocks, class V>
inline __attribute__((always_inline)) void half_store(const ConvHalfTile& t, std::ptrdiff_t at, V* acc) {
  auto* dst = static_cast<Element*>(t.dst);
  half_each<Pixels, Blocks>(t, at, acc,
                            [&](V& x, std::ptrdiff_t i) TENON_INLINE_LAMBDA { simd::store(dst + i, x); });
}

// Of sums of scaled weights, which began as zero; `channel` is that of the first.
template <int Pixels, int Count, class V>
inline __attribute__((always_inline)) void half_unscale(const ConvHalfTile& t, std::ptrdiff_t channel,
                                                        V (&acc)[Count]) {
  constexpr int kVectors = Count / Pixels;
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
    const std::ptrdiff_t first = channel + v.value * V::kLanes;
    const V factor = V::load(t.factors + first);
    const V bias = t.bias ? V::load(t.bias + first) : V::zero();
    unroll<Pixels>([&](auto p) TENON_INLINE_LAMBDA {
      V& x = acc[p.value * kVectors + v.value];
      x = fma(x, factor, bias);
    });
  });
}

// Whole blocks. Sums are acc[pixel][block][kChannelBlock / kLanes]; `at` is where their first goes.
template <class Half, int Pixels, int Blocks, int Count, class V>
inline __attribute__((always_inline)) void half_finish(const ConvHalfTile& t, std::ptrdiff_t at,
                                                       V (&acc)[Count]) {
  if (t.residual) {
    if (t.residual_single) {
      half_add_residual<float, Pixels, Blocks>(t, at, acc);
    } else {
      half_add_residual<Half, Pixels, Blocks>(t, at, acc);
    }
  }
  activate(acc, t.act);
  if (t.dst_single) {
    half_store<float, Pixels, Blocks>(t, at, acc);
  } else {
    half_store<Half, Pixels, Blocks>(t, at, acc);
  }
}

// The same for any last_lanes, from memory.
template <class Half>
void half_finish_part(const ConvHalfTile& t, std::ptrdiff_t at, const float* sums, int pixels, int blocks) {
  using V = simd::F32;
  for (int p = 0; p < pixels; ++p) {
    for (int b = 0; b < blocks; ++b) {
      const int lanes = b == blocks - 1 ? t.last_lanes : kChannelBlock;
      for (int first = 0; first < kChannelBlock; first += V::kLanes, sums += V::kLanes) {
        const int count = lanes - first < V::kLanes ? lanes - first : V::kLanes;
        if (count <= 0) continue;
        const std::ptrdiff_t to = at + p * t.dst_pixel + b * t.dst_oc_block + first;
        V x[] = {V::load(sums)};
        if (t.residual) {
          x[0] = x[0] + (t.residual_single ? simd::load_n(static_cast<const float*>(t.residual) + to, count)
                                           : simd::load_n(static_cast<const Half*>(t.residual) + to, count));
        }
        activate(x, t.act);
        if (t.dst_single) {
          simd::store_n(static_cast<float*>(t.dst) + to, x[0], count);
        } else {
          simd::store_n(static_cast<Half*>(t.dst) + to, x[0], count);
        }
      }
    }
  }
}

template <class DotOf>
struct HalfTiles {
  using Dot = DotOf;

  template <int Step, int Pixels, int Blocks>
  static void run(const ConvHalfTile& t) noexcept {
    using V = simd::F32;
    constexpr int kVectors = Blocks * kChannelBlock / V::kLanes;
    band_tile<Dot, Step, Pixels, Blocks>(
        t,
        [&](int tile, int vector) TENON_INLINE_LAMBDA {
          return t.bias && !t.factors ? V::load(t.bias + tile * t.next_channels + vector * V::kLanes)
                                      : V::zero();
        },
        [&](int tile, V(&acc)[Pixels * kVectors]) TENON_INLINE_LAMBDA {
          const std::ptrdiff_t at = t.dst_at + tile * t.next_dst;
          if (t.factors) half_unscale<Pixels>(t, tile * t.next_channels, acc);
          if (t.last_lanes == kChannelBlock)
            return half_finish<typename Dot::Half, Pixels, Blocks>(t, at, acc);
          float sums[Pixels * Blocks * kChannelBlock];
          unroll<Pixels * kVectors>(
              [&](auto v) TENON_INLINE_LAMBDA { acc[v.value].store(sums + v.value * V::kLanes); });
          half_finish_part<typename Dot::Half>(t, at, sums, Pixels, Blocks);
        });
  }
};

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
        return Dot::bits(channel < channels ? V::load(src + channel * plane + i) : V::zero());
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
