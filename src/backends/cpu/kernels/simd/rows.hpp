// Loops over a row of floats, and sums of one in a fixed order. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu::simd {
namespace {

// of(x, i) is stored to dst[i ...] for x = src[i ...]; dst may be src.
template <class Of>
TENON_SIMD void map_row(const float* src, float* dst, std::ptrdiff_t n, Of of) {
  std::ptrdiff_t i = 0;
  for (; i + F32::kLanes <= n; i += F32::kLanes) of(F32::load(src + i), i).store(dst + i);
  if (i < n) {
    const int left = static_cast<int>(n - i);
    of(F32::load_n(src + i, left), i).store_n(dst + i, left);
  }
}

// Elements of a row that are combined in vectors before their result joins the total: it bounds the error of
// long sums and fixes their order.
constexpr std::ptrdiff_t kRowBlock = 4096;

// combine over map(x) for all x of src[0, n), four accumulators wide; lanes beyond n take `neutral`.
template <class Map, class Combine>
TENON_SIMD F32 combine_block(const float* src, std::ptrdiff_t n, F32 neutral, Map map, Combine combine) {
  constexpr int kWide = 4;
  constexpr int kLanes = F32::kLanes;
  F32 a[kWide] = {neutral, neutral, neutral, neutral};
  std::ptrdiff_t i = 0;
  for (; i + kWide * kLanes <= n; i += kWide * kLanes) {
    unroll<kWide>([&](auto k) TENON_INLINE_LAMBDA {
      a[k.value] = combine(a[k.value], map(F32::load(src + i + k.value * kLanes)));
    });
  }
  for (; i + kLanes <= n; i += kLanes) a[0] = combine(a[0], map(F32::load(src + i)));
  if (i < n) {
    const int left = static_cast<int>(n - i);
    a[1] = combine(a[1], select(first_lanes(left), map(F32::load_n(src + i, left)), neutral));
  }
  return combine(combine(a[0], a[1]), combine(a[2], a[3]));
}

// The sum of map(x) over src[0, n).
template <class Map>
TENON_SIMD double sum_row(const float* src, std::ptrdiff_t n, Map map) {
  const auto add = [](F32 a, F32 b) TENON_INLINE_LAMBDA { return a + b; };
  double total = 0;
  for (std::ptrdiff_t i = 0; i < n; i += kRowBlock) {
    const std::ptrdiff_t length = n - i < kRowBlock ? n - i : kRowBlock;
    total += static_cast<double>(reduce_add(combine_block(src + i, length, F32::zero(), map, add)));
  }
  return total;
}

// A NaN anywhere comes through.
TENON_SIMD F32 max_or_nan(F32 a, F32 b) { return select(a == a, max(a, b), a); }
TENON_SIMD F32 min_or_nan(F32 a, F32 b) { return select(a == a, min(a, b), a); }

template <class Combine>
TENON_SIMD float fold_lanes(F32 x, Combine combine) {
  float lanes[F32::kLanes];
  x.store(lanes);
  float y = lanes[0];
  for (int i = 1; i < F32::kLanes; ++i) y = combine(y, lanes[i]);
  return y;
}

TENON_SIMD float max_row(const float* src, std::ptrdiff_t n) {
  const auto keep = [](F32 x) TENON_INLINE_LAMBDA { return x; };
  const F32 lowest = F32::set1(-__builtin_inff());
  const F32 m =
      combine_block(src, n, lowest, keep, [](F32 a, F32 b) TENON_INLINE_LAMBDA { return max_or_nan(a, b); });
  return fold_lanes(m, [](float a, float b) { return a != a || a > b ? a : b; });
}

TENON_SIMD float min_row(const float* src, std::ptrdiff_t n) {
  const auto keep = [](F32 x) TENON_INLINE_LAMBDA { return x; };
  const F32 highest = F32::set1(__builtin_inff());
  const F32 m =
      combine_block(src, n, highest, keep, [](F32 a, F32 b) TENON_INLINE_LAMBDA { return min_or_nan(a, b); });
  return fold_lanes(m, [](float a, float b) { return a != a || a < b ? a : b; });
}

// One strip of up to kStrip columns of a matrix whose rows are `stride` apart.
constexpr int kStripVectors = 4;
constexpr int kStrip = kStripVectors * F32::kLanes;

struct Strip {
  int width;
  bool full;

  explicit TENON_SIMD Strip(std::ptrdiff_t columns)
      : width(columns < kStrip ? static_cast<int>(columns) : kStrip), full(width == kStrip) {}
  TENON_SIMD int lanes(int vector) const {
    const int n = width - vector * F32::kLanes;
    return n < 0 ? 0 : n < F32::kLanes ? n : F32::kLanes;
  }
  // Lanes beyond the width are zero.
  TENON_SIMD void load(const float* p, F32 (&x)[kStripVectors]) const {
    if (full) {
      unroll<kStripVectors>([&](auto v)
                                TENON_INLINE_LAMBDA { x[v.value] = F32::load(p + v.value * F32::kLanes); });
    } else {
      unroll<kStripVectors>([&](auto v) TENON_INLINE_LAMBDA {
        const int n = lanes(v.value);
        x[v.value] = n ? F32::load_n(p + v.value * F32::kLanes, n) : F32::zero();
      });
    }
  }
  TENON_SIMD void store(float* p, const F32 (&x)[kStripVectors]) const {
    unroll<kStripVectors>([&](auto v) TENON_INLINE_LAMBDA {
      if (full) {
        x[v.value].store(p + v.value * F32::kLanes);
      } else if (const int n = lanes(v.value)) {
        x[v.value].store_n(p + v.value * F32::kLanes, n);
      }
    });
  }
};

}  // namespace
}  // namespace tenon::cpu::simd
