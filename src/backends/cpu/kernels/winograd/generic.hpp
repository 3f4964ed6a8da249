// The stages of stages.hpp over a vector type of simd/. An ISA file instantiates winograd_input_of<V>,
// winograd_product_of<V, tiles1, tiles2, tiles4> and winograd_output_of<V>.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/winograd/points.hpp"
#include "backends/cpu/kernels/winograd/position.hpp"
#include "backends/cpu/kernels/winograd/stages.hpp"

namespace tenon::cpu {
namespace {

alignas(64) constexpr float kWinogradZeros[kChannelBlock] = {};

template <class V>
inline __attribute__((always_inline)) V winograd_fma(double c, V x, V sum) {
  return fma(V::set1(static_cast<float>(c)), x, sum);
}

// out = B^T in, alpha values each: the coefficients of row i are those of the product over the other finite
// points q of (x - q).
template <int Alpha, class V>
inline __attribute__((always_inline)) void winograd_input_line(const V (&in)[Alpha], V (&out)[Alpha]) {
  using Points = WinogradPoints<Alpha>;
  constexpr int kPairs = Points::kPairs;
  constexpr auto all = Points::all();
  V zero = in[Alpha - 2];
  V infinity = in[Alpha - 1];
  unroll<kPairs>([&](auto i) TENON_INLINE_LAMBDA {
    zero = winograd_fma(all.c[i.value], in[2 * i.value], zero);
    infinity = winograd_fma(all.c[i.value], in[2 * i.value + 1], infinity);
  });
  out[0] = zero;
  out[Alpha - 1] = infinity;
  unroll<kPairs>([&](auto j) TENON_INLINE_LAMBDA {
    constexpr auto others = Points::others(decltype(j)::value);
    V even = in[Alpha - 2];
    V odd = in[Alpha - 3];
    unroll<kPairs - 1>([&](auto i) TENON_INLINE_LAMBDA {
      even = winograd_fma(others.c[i.value], in[2 * i.value + 2], even);
      odd = winograd_fma(others.c[i.value], in[2 * i.value + 1], odd);
    });
    out[2 * j.value + 1] = winograd_fma(Points::p[j.value], odd, even);
    out[2 * j.value + 2] = winograd_fma(-Points::p[j.value], odd, even);
  });
}

// out = A^T in: row i holds the points' i-th powers; infinity counts in the last row alone.
template <int Alpha, int Outputs, class V>
inline __attribute__((always_inline)) void winograd_output_line(const V (&in)[Alpha], V (&out)[Outputs]) {
  using Points = WinogradPoints<Alpha>;
  constexpr int kPairs = Points::kPairs;
  V sum[kPairs];
  V difference[kPairs];
  unroll<kPairs>([&](auto j) TENON_INLINE_LAMBDA {
    sum[j.value] = in[2 * j.value + 1] + in[2 * j.value + 2];
    difference[j.value] = in[2 * j.value + 1] - in[2 * j.value + 2];
  });
  unroll<Outputs>([&](auto i) TENON_INLINE_LAMBDA {
    constexpr int kPower = decltype(i)::value;
    const V(&terms)[kPairs] = kPower % 2 ? difference : sum;
    if constexpr (kPower == 0) {
      V y = in[0];
      unroll<kPairs>([&](auto j) TENON_INLINE_LAMBDA { y = y + terms[j.value]; });
      out[0] = y;
    } else {
      V y = V::set1(static_cast<float>(Points::power(0, kPower))) * terms[0];
      if constexpr (kPower == Outputs - 1) {
        y = winograd_fma(Points::power(0, kPower), terms[0], in[Alpha - 1]);
      }
      unroll<kPairs - 1>([&](auto j) TENON_INLINE_LAMBDA {
        y = winograd_fma(Points::power(decltype(j)::value + 1, kPower), terms[j.value + 1], y);
      });
      out[kPower] = y;
    }
  });
}

// Asks for `rows` x `columns` pixels, which may lie anywhere. The row length is in floats.
template <bool Write>
inline __attribute__((always_inline)) void winograd_prefetch(const float* pixel, std::ptrdiff_t row, int rows,
                                                             int columns) {
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) __builtin_prefetch(pixel + y * row + x * kChannelBlock, Write, 3);
  }
}

// pixel(y, x): the address of an input pixel of the tile.
template <int Alpha, class V, class Pixel>
inline __attribute__((always_inline)) void winograd_input_tile(const Pixel& pixel, float* dst,
                                                               std::ptrdiff_t dst_element) {
  for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) {
    V half[Alpha][Alpha];
    for (int x = 0; x < Alpha; ++x) {
      V in[Alpha];
      unroll<Alpha>([&](auto y) TENON_INLINE_LAMBDA { in[y.value] = V::load(pixel(y.value, x) + lane); });
      V out[Alpha];
      winograd_input_line<Alpha>(in, out);
      unroll<Alpha>([&](auto y) TENON_INLINE_LAMBDA { half[y.value][x] = out[y.value]; });
    }
    float* to = dst + lane;
    for (int y = 0; y < Alpha; ++y) {
      V out[Alpha];
      winograd_input_line<Alpha>(half[y], out);
      unroll<Alpha>([&](auto x) TENON_INLINE_LAMBDA { out[x.value].store(to + x.value * dst_element); });
      to += Alpha * dst_element;
    }
  }
}

template <class V, int Alpha>
void winograd_input_tiles(const WinogradInput& a) noexcept {
  const WinogradGrid& g = a.grid;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * kChannelBlock;
  WinogradPosition at(g, a.first);
  float* dst = a.dst;
  for (std::ptrdiff_t tile = a.first; tile < a.end; ++tile, at.advance(g), dst += kChannelBlock) {
    const int y0 = at.row * g.outputs - g.pad_top;
    const int x0 = at.column * g.outputs - g.pad_left;
    const float* image = a.src + at.image * a.src_image;
    if (y0 >= 0 && x0 >= 0 && y0 + Alpha <= g.in_h && x0 + Alpha <= g.in_w) {
      const float* corner = image + y0 * row + static_cast<std::ptrdiff_t>(x0) * kChannelBlock;
      // What the tile after the next will need beyond what this one and the next read.
      if (a.far) {
        winograd_prefetch<false>(corner + (Alpha + g.outputs) * kChannelBlock, row, Alpha, g.outputs);
      }
      winograd_input_tile<Alpha, V>([corner, row](int y, int x)
                                        TENON_INLINE_LAMBDA { return corner + y * row + x * kChannelBlock; },
                                    dst, a.dst_element);
    } else {
      winograd_input_tile<Alpha, V>(
          [&](int y, int x) TENON_INLINE_LAMBDA {
            const bool inside = static_cast<unsigned>(y0 + y) < static_cast<unsigned>(g.in_h) &&
                                static_cast<unsigned>(x0 + x) < static_cast<unsigned>(g.in_w);
            return inside ? image + (y0 + y) * row + static_cast<std::ptrdiff_t>(x0 + x) * kChannelBlock
                          : kWinogradZeros;
          },
          dst, a.dst_element);
    }
  }
}

template <class V>
inline __attribute__((always_inline)) void winograd_input_of(const WinogradInput& a) noexcept {
  switch (a.grid.alpha) {
    case 4: return winograd_input_tiles<V, 4>(a);
    case 6: return winograd_input_tiles<V, 6>(a);
    default: return winograd_input_tiles<V, 8>(a);
  }
}

template <class V, int Tiles, int Blocks>
void winograd_product(const WinogradProduct& a) noexcept {
  constexpr int kPerBlock = kChannelBlock / V::kLanes;
  constexpr int kVectors = Blocks * kPerBlock;
  V acc[Tiles * kVectors];
  unroll<Tiles * kVectors>([&](auto i) TENON_INLINE_LAMBDA { acc[i.value] = V::zero(); });
  const float* src = a.src;
  const float* weights = a.weights;
  const float* next = a.next;
  for (int left = a.channels; left > 0; left -= kChannelBlock, src += a.src_block) {
    const int lanes = left < kChannelBlock ? left : kChannelBlock;
    for (int i = 0; i < a.next_lines; ++i, next += kChannelBlock) __builtin_prefetch(next, 0, 2);
    for (int c = 0; c < lanes; ++c) {
      V column[kVectors];
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        column[v.value] =
            V::load(weights + (v.value / kPerBlock) * a.weights_block + (v.value % kPerBlock) * V::kLanes);
      });
      unroll<Tiles>([&](auto t) TENON_INLINE_LAMBDA {
        const V x = V::set1(src[t.value * kChannelBlock + c]);
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          V& sum = acc[t.value * kVectors + v.value];
          sum = fma(x, column[v.value], sum);
        });
      });
      weights += kChannelBlock;
    }
  }
  unroll<Tiles>([&](auto t) TENON_INLINE_LAMBDA {
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      acc[t.value * kVectors + v.value].store(a.dst + (v.value / kPerBlock) * a.dst_block +
                                              t.value * kChannelBlock + (v.value % kPerBlock) * V::kLanes);
    });
  });
}

template <class V, int Blocks, int MaxTiles>
inline __attribute__((always_inline)) void winograd_product_with(const WinogradProduct& a,
                                                                 int tiles) noexcept {
  if constexpr (MaxTiles > 0) {
    using Product = void (*)(const WinogradProduct&) noexcept;
    struct Table {
      Product product[MaxTiles] = {};
    };
    static constexpr Table table = [] {
      Table all;
      unroll<MaxTiles>([&](auto t) TENON_INLINE_LAMBDA {
        all.product[t.value] = winograd_product<V, t.value + 1, Blocks>;
      });
      return all;
    }();
    table.product[tiles - 1](a);
  }
}

template <class V, int Tiles1, int Tiles2, int Tiles4>
inline __attribute__((always_inline)) void winograd_product_of(const WinogradProduct& a, int tiles,
                                                               int blocks) noexcept {
  switch (blocks) {
    case 1: return winograd_product_with<V, 1, Tiles1>(a, tiles);
    case 2: return winograd_product_with<V, 2, Tiles2>(a, tiles);
    default: return winograd_product_with<V, 4, Tiles4>(a, tiles);
  }
}

template <class V, int Alpha, int Outputs>
void winograd_output_tiles(const WinogradOutput& a) noexcept {
  const WinogradGrid& g = a.grid;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.out_w) * kChannelBlock;
  WinogradPosition at(g, a.first);
  const float* src = a.src;
  for (std::ptrdiff_t tile = a.first; tile < a.end; ++tile, at.advance(g), src += kChannelBlock) {
    const int y0 = at.row * Outputs;
    const int x0 = at.column * Outputs;
    const int rows = g.out_h - y0 < Outputs ? g.out_h - y0 : Outputs;
    const int columns = g.out_w - x0 < Outputs ? g.out_w - x0 : Outputs;
    const std::ptrdiff_t corner =
        at.image * a.dst_image + y0 * row + static_cast<std::ptrdiff_t>(x0) * kChannelBlock;
    if (a.far) {
      winograd_prefetch<true>(a.dst + corner + 2 * Outputs * kChannelBlock, row, Outputs, Outputs);
    }
    for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) {
      V half[Outputs][Alpha];
      for (int x = 0; x < Alpha; ++x) {
        V in[Alpha];
        unroll<Alpha>([&](auto y) TENON_INLINE_LAMBDA {
          in[y.value] = V::load(src + (y.value * Alpha + x) * a.src_element + lane);
        });
        V out[Outputs];
        winograd_output_line<Alpha, Outputs>(in, out);
        unroll<Outputs>([&](auto y) TENON_INLINE_LAMBDA { half[y.value][x] = out[y.value]; });
      }
      const V bias = a.bias ? V::load(a.bias + lane) : V::zero();
      std::ptrdiff_t offset = corner + lane;
      for (int y = 0; y < rows; ++y, offset += row) {
        V out[Outputs];
        winograd_output_line<Alpha, Outputs>(half[y], out);
        unroll<Outputs>([&](auto x) TENON_INLINE_LAMBDA { out[x.value] = out[x.value] + bias; });
        if (a.residual) {
          unroll<Outputs>([&](auto x) TENON_INLINE_LAMBDA {
            if (x.value < columns) {
              out[x.value] = out[x.value] + V::load(a.residual + offset + x.value * kChannelBlock);
            }
          });
        }
        activate(out, a.act);
        if (a.lanes < kChannelBlock) {
          const int used = a.lanes - lane;
          const auto mask = simd::first_lanes(used < 0 ? 0 : used < V::kLanes ? used : V::kLanes);
          unroll<Outputs>([&](auto x)
                              TENON_INLINE_LAMBDA { out[x.value] = select(mask, out[x.value], V::zero()); });
        }
        unroll<Outputs>([&](auto x) TENON_INLINE_LAMBDA {
          if (x.value < columns) out[x.value].store(a.dst + offset + x.value * kChannelBlock);
        });
      }
    }
  }
}

template <class V>
inline __attribute__((always_inline)) void winograd_output_of(const WinogradOutput& a) noexcept {
  if (a.grid.alpha == 4) return winograd_output_tiles<V, 4, 2>(a);
  if (a.grid.alpha == 8) return winograd_output_tiles<V, 8, 6>(a);
  if (a.grid.outputs == 2) return winograd_output_tiles<V, 6, 2>(a);
  return winograd_output_tiles<V, 6, 4>(a);
}

}  // namespace
}  // namespace tenon::cpu
