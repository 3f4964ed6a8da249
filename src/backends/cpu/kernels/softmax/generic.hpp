// softmax.hpp over the vector type of simd/: a pass for the maximum, one for the exponentials and their sum,
// one that scales. Rows shorter than a vector become the columns of a small block first.
#pragma once

#include "backends/cpu/kernels/simd/math.hpp"
#include "backends/cpu/kernels/simd/rows.hpp"
#include "backends/cpu/kernels/softmax/softmax.hpp"

#include <cmath>

namespace tenon::cpu {
namespace {

void softmax_strip(const SoftmaxArgs& args, const simd::Strip& strip, const float* src, float* dst) {
  using V = simd::F32;
  constexpr int kVectors = simd::kStripVectors;
  V top[kVectors];
  V sum[kVectors];
  V x[kVectors];
  strip.load(src, top);
  for (std::ptrdiff_t i = 1; i < args.axis; ++i) {
    strip.load(src + i * args.inner, x);
    unroll<kVectors>([&](auto v)
                         TENON_INLINE_LAMBDA { top[v.value] = simd::max_or_nan(top[v.value], x[v.value]); });
  }
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { sum[v.value] = V::zero(); });
  for (std::ptrdiff_t i = 0; i < args.axis; ++i) {
    strip.load(src + i * args.inner, x);
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      x[v.value] = simd::exp_share(x[v.value] - top[v.value]);
      sum[v.value] = sum[v.value] + x[v.value];
    });
    if (!args.log) strip.store(dst + i * args.inner, x);
  }
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
    sum[v.value] = args.log ? simd::log(sum[v.value]) : V::set1(1.0F) / sum[v.value];
  });
  for (std::ptrdiff_t i = 0; i < args.axis; ++i) {
    strip.load((args.log ? src : dst) + i * args.inner, x);
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      x[v.value] = args.log ? (x[v.value] - top[v.value]) - sum[v.value] : x[v.value] * sum[v.value];
    });
    strip.store(dst + i * args.inner, x);
  }
}

// Rows of at most this many elements leave most of a vector empty.
constexpr std::ptrdiff_t kSoftmaxShortRow = 8;

// `count` rows from `first` on, at most kStrip, as columns.
void softmax_short_rows(const SoftmaxArgs& args, std::ptrdiff_t first, std::ptrdiff_t count) {
  alignas(64) float block[kSoftmaxShortRow * simd::kStrip];
  const std::ptrdiff_t n = args.axis;
  const float* src = args.src + first * n;
  float* dst = args.dst + first * n;
  for (std::ptrdiff_t r = 0; r < count; ++r) {
    for (std::ptrdiff_t i = 0; i < n; ++i) block[i * simd::kStrip + r] = src[r * n + i];
  }
  SoftmaxArgs columns = args;
  columns.inner = simd::kStrip;
  softmax_strip(columns, simd::Strip(count), block, block);
  for (std::ptrdiff_t r = 0; r < count; ++r) {
    for (std::ptrdiff_t i = 0; i < n; ++i) dst[r * n + i] = block[i * simd::kStrip + r];
  }
}

void softmax_rows(const SoftmaxArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  using V = simd::F32;
  const std::ptrdiff_t n = args.axis;
  if (n <= kSoftmaxShortRow) {
    for (; begin < end; begin += simd::kStrip)
      softmax_short_rows(args, begin, end - begin < simd::kStrip ? end - begin : simd::kStrip);
    return;
  }
  for (std::ptrdiff_t row = begin; row < end; ++row) {
    const float* src = args.src + row * n;
    float* dst = args.dst + row * n;
    const V top = V::set1(simd::max_row(src, n));
    const auto exponential = [&](V x) TENON_INLINE_LAMBDA { return simd::exp_share(x - top); };
    if (args.log) {
      const V log_sum = V::set1(static_cast<float>(std::log(simd::sum_row(src, n, exponential))));
      simd::map_row(src, dst, n,
                    [&](V x, std::ptrdiff_t) TENON_INLINE_LAMBDA { return (x - top) - log_sum; });
    } else {
      simd::map_row(src, dst, n, [&](V x, std::ptrdiff_t) TENON_INLINE_LAMBDA { return exponential(x); });
      const double sum = simd::sum_row(dst, n, [](V x) TENON_INLINE_LAMBDA { return x; });
      const V scale = V::set1(static_cast<float>(1.0 / sum));
      simd::map_row(dst, dst, n, [&](V x, std::ptrdiff_t) TENON_INLINE_LAMBDA { return x * scale; });
    }
  }
}

void softmax_columns(const SoftmaxArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const std::ptrdiff_t groups = (args.inner + kSoftmaxColumns - 1) / kSoftmaxColumns;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t first = unit % groups * kSoftmaxColumns;
    const std::ptrdiff_t last = first + kSoftmaxColumns < args.inner ? first + kSoftmaxColumns : args.inner;
    const std::ptrdiff_t base = unit / groups * args.axis * args.inner;
    for (std::ptrdiff_t column = first; column < last; column += simd::kStrip) {
      softmax_strip(args, simd::Strip(last - column), args.src + base + column, args.dst + base + column);
    }
  }
}

constexpr SoftmaxRoutines kSoftmaxRoutines = {softmax_rows, softmax_columns};

}  // namespace
}  // namespace tenon::cpu
