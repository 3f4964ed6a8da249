// gemm_stored.hpp over a way to form dot products. An ISA file includes a header of bytes/ and defines
//
//   struct Dot {
//     struct Sums;                        of kLanes columns, zero at first
//     using Weights, X = …;               4 places of kLanes columns; of a row, for every lane
//     static constexpr bool kWords;       as GemmStoredKernel::words
//     static Weights weights(simd::I32);  from [kLanes][4] bytes
//     static X broadcast(const std::byte* first_plane, std::ptrdiff_t plane);
//     static void dot(Sums&, const X&, const Weights&);
//     static simd::I32 high(const Sums&), low(const Sums&);    sum = high * 65536 + low
//     static simd::I32 times(simd::I32, simd::I32);
//   };
//
// kLanes is that of simd::I32.
#pragma once

#include "backends/cpu/kernels/activate.hpp"
#include "backends/cpu/kernels/gemm_stored/gemm_stored.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

constexpr int kStoredLanes = simd::I32::kLanes;
constexpr int kStoredPerPanel = kStoredPanel / kStoredLanes;
constexpr int kStoredAhead = 2048;  // bytes that are fetched ahead of each panel

TENON_SIMD simd::I32 times(simd::I32 a, simd::I32 b) {
  using Numbers [[gnu::vector_size(sizeof(simd::I32))]] = std::uint32_t;
  return {reinterpret_cast<decltype(a.r)>(reinterpret_cast<Numbers>(a.r) * reinterpret_cast<Numbers>(b.r))};
}

// result[row][column] of the tile gets what one chunk adds.
template <class Dot, int Rows, int Panels>
inline __attribute__((always_inline)) void stored_add_chunk(
    const GemmStoredTile& t, int chunk, const typename Dot::Sums (&sums)[Rows * Panels * kStoredPerPanel],
    float* result) {
  using simd::F32;
  using simd::I32;
  const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(chunk / t.per_block) * kStoredPanel;
  unroll<Panels * kStoredPerPanel>([&](auto v) TENON_INLINE_LAMBDA {
    constexpr int kV = decltype(v)::value;
    const std::ptrdiff_t at =
        kV / kStoredPerPanel * t.panel_blocks + block + kV % kStoredPerPanel * kStoredLanes;
    const F32 scale = F32::load(t.scale + at);
    unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
      constexpr int kR = decltype(r)::value;
      StoredChunkHead head;
      std::memcpy(&head, t.a + kR * t.a_row + chunk * t.a_chunk, sizeof head);
      const typename Dot::Sums& sum = sums[kR * Panels * kStoredPerPanel + kV];
      I32 high = Dot::high(sum), low = Dot::low(sum);
      if (t.zero) {
        const I32 zero = simd::load_u8(t.zero + at);
        high = high + times(zero, I32::set1(head.high));
        low = low + times(zero, I32::set1(head.low));
      } else {
        high = high + I32::set1(t.one_zero * head.high);
        low = low + I32::set1(t.one_zero * head.low);
      }
      high = high + shift_right<16>(low);
      const F32 whole = to_float(high) * F32::set1(65536.0F) + to_float(low & I32::set1(0xffff));
      float* to = result + kR * Panels * kStoredPanel + kV * kStoredLanes;
      (F32::load(to) + whole * (scale * F32::set1(head.scale))).store(to);
    });
  });
}

template <int Panels>
inline __attribute__((always_inline)) void stored_store_row(const GemmStoredTile& t, int row,
                                                            const float* result) {
  using V = simd::F32;
  constexpr int kVectors = Panels * kStoredPerPanel;
  const bool full = t.columns == Panels * kStoredPanel;
  V x[kVectors];
  const auto left = [&](int v) TENON_INLINE_LAMBDA {
    const int n = t.columns - v * kStoredLanes;
    return n < 0 ? 0 : n < kStoredLanes ? n : kStoredLanes;
  };
  const auto read = [&](const float* p, int v) TENON_INLINE_LAMBDA {
    return full ? V::load(p + v * kStoredLanes) : V::load_n(p + v * kStoredLanes, left(v));
  };
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
    x[v.value] = V::load(result + v.value * kStoredLanes);
    if (t.bias) x[v.value] = x[v.value] + read(t.bias, v.value);
    if (t.residual) x[v.value] = x[v.value] + read(t.residual + row * t.ldr, v.value);
  });
  activate(x, t.act);
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
    float* to = t.c + row * t.ldc + v.value * kStoredLanes;
    if (full) {
      x[v.value].store(to);
    } else {
      x[v.value].store_n(to, left(v.value));
    }
  });
}

template <class Dot, int Bits, int Rows, int Panels>
void stored_tile(const GemmStoredTile& t) noexcept {
  using simd::I32;
  constexpr int kVectors = Panels * kStoredPerPanel;
  constexpr int kGroupBytes = kStoredPanel * kStoredGroup * Bits / 8;
  constexpr int kFour = 4 * (Dot::kWords ? 2 : 1);  // bytes of 4 places in a plane
  alignas(64) float result[Rows * Panels * kStoredPanel] = {};
  const std::uint8_t* weights = t.weights;

  for (int chunk = 0; chunk < t.chunks; ++chunk) {
    typename Dot::Sums sums[Rows * kVectors];
    const std::byte* a = t.a + chunk * t.a_chunk + sizeof(StoredChunkHead);
    const int places = chunk == t.chunks - 1 ? t.last : t.size;
    const auto four = [&](const typename Dot::Weights(&w)[kVectors]) TENON_INLINE_LAMBDA {
      unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
        const typename Dot::X x = Dot::broadcast(a + r.value * t.a_row, t.plane);
        unroll<kVectors>(
            [&](auto v) TENON_INLINE_LAMBDA { Dot::dot(sums[r.value * kVectors + v.value], x, w[v.value]); });
      });
      a += kFour;
    };
    const auto load = [&](int v, int half) TENON_INLINE_LAMBDA {
      return I32::load(reinterpret_cast<const std::int32_t*>(
          weights + v / kStoredPerPanel * t.panel_bytes +
          (half * kStoredPanel + v % kStoredPerPanel * kStoredLanes) * 4));
    };
    for (int place = 0; place < places; place += kStoredGroup) {
      unroll<Panels>([&](auto p) TENON_INLINE_LAMBDA {
        for (int line = 0; line < kGroupBytes; line += 64)
          __builtin_prefetch(weights + p.value * t.panel_bytes + kStoredAhead + line, 0, 3);
      });
      typename Dot::Weights w[kVectors];
      if constexpr (Bits == 8) {
        unroll<2>([&](auto half) TENON_INLINE_LAMBDA {
          unroll<kVectors>([&](auto v)
                               TENON_INLINE_LAMBDA { w[v.value] = Dot::weights(load(v.value, half.value)); });
          four(w);
        });
      } else {
        const I32 half = I32::set1(0x0f0f0f0f);
        I32 pairs[kVectors];
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          pairs[v.value] = load(v.value, 0);
          w[v.value] = Dot::weights(pairs[v.value] & half);
        });
        four(w);
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          w[v.value] = Dot::weights(shift_right_logical<4>(pairs[v.value]) & half);
        });
        four(w);
      }
      weights += kGroupBytes;
    }
    stored_add_chunk<Dot, Rows, Panels>(t, chunk, sums, result);
  }
  for (int row = 0; row < Rows; ++row) stored_store_row<Panels>(t, row, result + row * Panels * kStoredPanel);
}

template <class Dot, int Bits, int Rows, int Panels, int Single>
inline __attribute__((always_inline)) void stored_tile_with(const GemmStoredTile& t, int rows,
                                                            int panels) noexcept {
  using Tile = void (*)(const GemmStoredTile&) noexcept;
  struct Table {
    Tile tile[2][Rows] = {};
  };
  static constexpr Table table = [] {
    Table all;
    unroll<Rows>([&](auto r) TENON_INLINE_LAMBDA {
      all.tile[0][r.value] = stored_tile<Dot, Bits, r.value + 1, 1>;
      all.tile[1][r.value] = stored_tile<Dot, Bits, r.value + 1, Panels>;
    });
    return all;
  }();
  if (panels > Panels) return stored_tile<Dot, Bits, 1, Single>(t);
  table.tile[panels > 1][rows - 1](t);
}

template <class Dot, int Rows, int Panels, int Single>
inline __attribute__((always_inline)) void stored_tile_of(const GemmStoredTile& t, int bits, int rows,
                                                          int panels) noexcept {
  if (bits == 4) {
    stored_tile_with<Dot, 4, Rows, Panels, Single>(t, rows, panels);
  } else {
    stored_tile_with<Dot, 8, Rows, Panels, Single>(t, rows, panels);
  }
}

// 1 / s for elements up to `most`: the power of two that brings them below 8355711, the largest v of three
// signed bytes.
inline float stored_inverse_scale(float most) {
  constexpr std::uint32_t kCarry = 0x7fffff - 0x7efefe;  // mantissas above 8355711 / 2^22 take the next power
  constexpr int kLeastExponent = -100;                   // both s and 1 / s stay normal
  std::uint32_t bits;
  std::memcpy(&bits, &most, sizeof bits);
  const int exponent = static_cast<int>((bits + kCarry) >> 23) - 127;
  const int power = 22 - (exponent < kLeastExponent ? kLeastExponent : exponent);
  const auto inverse = static_cast<std::uint32_t>(power + 127) << 23;
  float result;
  std::memcpy(&result, &inverse, sizeof result);
  return result;
}

// v of 4 vectors into three planes of bytes at `to`; `high` and `low` collect sums.
inline __attribute__((always_inline)) void stored_split_bytes(const simd::I32 (&v)[4], std::ptrdiff_t plane,
                                                              std::byte* to, simd::I32& high,
                                                              simd::I32& low) {
  using simd::I32;
  I32 top[4], middle[4], bottom[4];
  unroll<4>([&](auto i) TENON_INLINE_LAMBDA {
    const I32 shifted = v[i.value] + I32::set1(0x8080);
    top[i.value] = shift_right<16>(shifted);
    middle[i.value] = shift_right_logical<8>(shifted) ^ I32::set1(0x80);
    bottom[i.value] = shifted ^ I32::set1(0x80);
    high = high + top[i.value];
    low = low + (v[i.value] - shift_left<16>(top[i.value]));
  });
  simd::store_bytes(top, to);
  simd::store_bytes(middle, to + plane);
  simd::store_bytes(bottom, to + 2 * plane);
}

// Likewise into two planes of 16-bit integers.
inline __attribute__((always_inline)) void stored_split_words(const simd::I32 (&v)[4], std::ptrdiff_t plane,
                                                              std::byte* to, simd::I32& high,
                                                              simd::I32& low) {
  using simd::I32;
  std::int32_t values[4 * kStoredLanes], tops[4 * kStoredLanes];
  unroll<4>([&](auto i) TENON_INLINE_LAMBDA {
    const I32 top = shift_right<16>(v[i.value] + I32::set1(0x8000));
    high = high + top;
    low = low + (v[i.value] - shift_left<16>(top));
    v[i.value].store(values + i.value * kStoredLanes);
    top.store(tops + i.value * kStoredLanes);
  });
  constexpr int kOrder[] = {0, 2, 1, 3};
  std::int16_t words[2][4 * kStoredLanes];
  for (int i = 0; i < 4 * kStoredLanes; ++i) {
    const int from = i / 4 * 4 + kOrder[i % 4];
    words[0][i] = static_cast<std::int16_t>(tops[from]);
    words[1][i] = static_cast<std::int16_t>(values[from]);
  }
  std::memcpy(to, words[0], sizeof words[0]);
  std::memcpy(to + plane, words[1], sizeof words[1]);
}

inline std::int32_t stored_total(simd::I32 x) {
  std::int32_t lanes[kStoredLanes], sum = 0;
  x.store(lanes);
  for (const std::int32_t lane : lanes) sum += lane;
  return sum;
}

template <bool Words>
void stored_quantize(const float* a, int count, int padded, std::ptrdiff_t plane, std::byte* to) noexcept {
  using V = simd::F32;
  using simd::I32;
  constexpr int kStep = 4 * kStoredLanes;
  alignas(64) float values[kStoredMostChunk];
  std::memcpy(values, a, static_cast<std::size_t>(count) * sizeof(float));
  const int filled = static_cast<int>(round_up(padded, kStep)) < kStoredMostChunk
                         ? static_cast<int>(round_up(padded, kStep))
                         : kStoredMostChunk;
  std::memset(values + count, 0, static_cast<std::size_t>(filled - count) * sizeof(float));

  V most = V::zero(), nothing = V::zero();
  for (int i = 0; i < filled; i += kStoredLanes) {
    const V x = V::load(values + i);
    most = max(most, abs(x));
    nothing = nothing + x * V::zero();  // 0, or a NaN
  }
  StoredChunkHead head{};
  const bool finite = reduce_add(nothing) == 0.0F;
  const float inverse = stored_inverse_scale(finite ? reduce_max(most) : 0.0F);
  head.scale = finite ? 1.0F / inverse : __builtin_nanf("");

  I32 high = I32::zero(), low = I32::zero();
  alignas(64) std::byte planes[(Words ? 4 : 3) * kStoredMostChunk];
  const std::ptrdiff_t own_plane = (Words ? 2 : 1) * kStoredMostChunk;
  for (int i = 0; finite && i < filled; i += kStep) {
    I32 v[4];
    unroll<4>([&](auto j) TENON_INLINE_LAMBDA {
      v[j.value] = to_int(V::load(values + i + j.value * kStoredLanes) * V::set1(inverse));
    });
    if constexpr (Words) {
      stored_split_words(v, own_plane, planes + 2 * i, high, low);
    } else {
      stored_split_bytes(v, own_plane, planes + i, high, low);
    }
  }
  head.high = -stored_total(high);
  head.low = -stored_total(low);
  std::memcpy(to, &head, sizeof head);
  if (!finite) std::memset(planes, 0, sizeof planes);
  for (int p = 0; p < (Words ? 2 : 3); ++p)
    std::memcpy(to + sizeof head + p * plane, planes + p * own_plane,
                static_cast<std::size_t>(padded * (Words ? 2 : 1)));
}

}  // namespace
}  // namespace tenon::cpu
