// resize.hpp over the vector type of simd/. Planar linear rows are blended downwards as vectors, a piece of
// the input row at a time, and then along the row.
#pragma once

#include "backends/cpu/kernels/resize/resize.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>
#include <type_traits>

namespace tenon::cpu {
namespace {

// Floats of a blended row that are kept at a time.
constexpr std::ptrdiff_t kResizeRow = 1024;

// The outputs from x on whose inputs lie within kResizeRow of each other; at least one. Widens [first, last]
// to their inputs.
std::ptrdiff_t piece_end(const ResizeAxis& axis, std::ptrdiff_t x, std::ptrdiff_t* first,
                         std::ptrdiff_t* last) {
  if (axis.in <= kResizeRow) {
    *first = 0;
    *last = axis.in - 1;
    return axis.out;
  }
  *first = *last = axis.low[x];
  for (std::ptrdiff_t end = x; end < axis.out; ++end) {
    const std::ptrdiff_t low = axis.low[end] < axis.high[end] ? axis.low[end] : axis.high[end];
    const std::ptrdiff_t high = axis.low[end] < axis.high[end] ? axis.high[end] : axis.low[end];
    const std::ptrdiff_t new_first = low < *first ? low : *first;
    const std::ptrdiff_t new_last = high > *last ? high : *last;
    if (new_last - new_first >= kResizeRow) return end;
    *first = new_first;
    *last = new_last;
  }
  return axis.out;
}

void blend_rows(const float* low, const float* high, float low_weight, float high_weight, std::ptrdiff_t n,
                float* out) {
  using V = simd::F32;
  const V a = V::set1(low_weight);
  const V b = V::set1(high_weight);
  std::ptrdiff_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) (a * V::load(low + i) + b * V::load(high + i)).store(out + i);
  for (; i < n; ++i) out[i] = low_weight * low[i] + high_weight * high[i];
}

void linear_planar_row(const ResizeArgs& args, const float* plane, std::ptrdiff_t y, float* dst) {
  const ResizeAxis& h = args.height;
  const ResizeAxis& w = args.width;
  const float* low = plane + h.low[y] * w.in;
  const float* high = plane + h.high[y] * w.in;
  alignas(64) float row[kResizeRow];
  for (std::ptrdiff_t x = 0; x < w.out;) {
    std::ptrdiff_t first = 0;
    std::ptrdiff_t last = 0;
    const std::ptrdiff_t end = piece_end(w, x, &first, &last);
    if (end == x) {  // two neighbours that lie further apart than a piece
      const std::ptrdiff_t a = w.low[x];
      const std::ptrdiff_t b = w.high[x];
      dst[x] = w.low_weight[x] * (h.low_weight[y] * low[a] + h.high_weight[y] * high[a]) +
               w.high_weight[x] * (h.low_weight[y] * low[b] + h.high_weight[y] * high[b]);
      ++x;
      continue;
    }
    blend_rows(low + first, high + first, h.low_weight[y], h.high_weight[y], last - first + 1, row);
    for (; x < end; ++x) {
      dst[x] = w.low_weight[x] * row[w.low[x] - first] + w.high_weight[x] * row[w.high[x] - first];
    }
  }
}

void nearest_planar_row(const ResizeArgs& args, const float* plane, std::ptrdiff_t y, float* dst) {
  const float* src = plane + args.height.low[y] * args.width.in;
  for (std::ptrdiff_t x = 0; x < args.width.out; ++x) dst[x] = src[args.width.low[x]];
}

template <class T>
void linear_blocked_row(const ResizeArgs& args, const T* plane, std::ptrdiff_t y, T* dst) {
  using V = simd::F32;
  const ResizeAxis& h = args.height;
  const ResizeAxis& w = args.width;
  const T* low = plane + h.low[y] * w.in * kChannelBlock;
  const T* high = plane + h.high[y] * w.in * kChannelBlock;
  const V low_y = V::set1(h.low_weight[y]);
  const V high_y = V::set1(h.high_weight[y]);
  for (std::ptrdiff_t x = 0; x < w.out; ++x) {
    const V low_x = V::set1(w.low_weight[x]);
    const V high_x = V::set1(w.high_weight[x]);
    const std::ptrdiff_t a = std::ptrdiff_t{w.low[x]} * kChannelBlock;
    const std::ptrdiff_t b = std::ptrdiff_t{w.high[x]} * kChannelBlock;
    unroll<kChannelBlock / V::kLanes>([&](auto v) TENON_INLINE_LAMBDA {
      constexpr int lane = decltype(v)::value * V::kLanes;
      const V left = low_y * simd::load(low + a + lane) + high_y * simd::load(high + a + lane);
      const V right = low_y * simd::load(low + b + lane) + high_y * simd::load(high + b + lane);
      simd::store(dst + x * kChannelBlock + lane, low_x * left + high_x * right);
    });
  }
}

template <class T>
void nearest_blocked_row(const ResizeArgs& args, const T* plane, std::ptrdiff_t y, T* dst) {
  using V = simd::F32;
  const T* src = plane + args.height.low[y] * args.width.in * kChannelBlock;
  for (std::ptrdiff_t x = 0; x < args.width.out; ++x) {
    const T* pixel = src + std::ptrdiff_t{args.width.low[x]} * kChannelBlock;
    unroll<kChannelBlock / V::kLanes>([&](auto v) TENON_INLINE_LAMBDA {
      constexpr int lane = decltype(v)::value * V::kLanes;
      simd::store(dst + x * kChannelBlock + lane, simd::load(pixel + lane));
    });
  }
}

template <class T>
auto row_routine(const ResizeArgs& args) {
  const auto blocked = args.linear ? linear_blocked_row<T> : nearest_blocked_row<T>;
  if constexpr (std::is_same_v<T, float>) {
    if (!args.blocked) return args.linear ? linear_planar_row : nearest_planar_row;
  }
  return blocked;
}

template <class T>
void resize_units(const ResizeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const auto row_of = row_routine<T>(args);
  const std::ptrdiff_t lanes = args.blocked ? kChannelBlock : 1;
  const std::ptrdiff_t row_size = args.width.out * lanes;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t y = unit % args.height.out;
    T* dst = static_cast<T*>(args.dst) + unit * row_size;
    // Enlarging repeats rows.
    if (!args.linear && unit > begin && y > 0 && args.height.low[y] == args.height.low[y - 1]) {
      std::memcpy(dst, dst - row_size, static_cast<std::size_t>(row_size) * sizeof(T));
      continue;
    }
    const T* planes = static_cast<const T*>(args.src);
    row_of(args, planes + unit / args.height.out * args.height.in * args.width.in * lanes, y, dst);
  }
}

constexpr ResizeRoutines kResizeRoutines = {
    {resize_units<float>, resize_units<bfloat16>, resize_units<float16>}};

}  // namespace
}  // namespace tenon::cpu
