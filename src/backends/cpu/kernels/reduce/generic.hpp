// reduce.hpp over the vector type of simd/. A reduction is a struct of map, combine and finish; log_sum_exp
// first looks for the maximum and hands it to the others as `shift`.
#pragma once

#include "backends/cpu/kernels/reduce/reduce.hpp"
#include "backends/cpu/kernels/simd/math.hpp"
#include "backends/cpu/kernels/simd/rows.hpp"

#include <cmath>

namespace tenon::cpu {
namespace {

namespace reductions {

using V = simd::F32;

struct Sum {
  static constexpr float kNeutral = 0.0F;
  static TENON_SIMD V map(V x, V) { return x; }
  static TENON_SIMD V combine(V a, V b) { return a + b; }
  static double combine(double a, double b) { return a + b; }
  static double finish(double x, double, double) { return x; }
};
struct Mean : Sum {
  static double finish(double x, double count, double) { return x / count; }
};
struct Max : Sum {
  static constexpr float kNeutral = -simd::kInfinity;
  static TENON_SIMD V combine(V a, V b) { return simd::max_or_nan(a, b); }
  static double combine(double a, double b) { return a != a || a > b ? a : b; }
};
struct Min : Sum {
  static constexpr float kNeutral = simd::kInfinity;
  static TENON_SIMD V combine(V a, V b) { return simd::min_or_nan(a, b); }
  static double combine(double a, double b) { return a != a || a < b ? a : b; }
};
struct Prod : Sum {
  static constexpr float kNeutral = 1.0F;
  static TENON_SIMD V combine(V a, V b) { return a * b; }
  static double combine(double a, double b) { return a * b; }
};
struct L1 : Sum {
  static TENON_SIMD V map(V x, V) { return simd::abs(x); }
};
struct SumSquare : Sum {
  static TENON_SIMD V map(V x, V) { return x * x; }
};
struct L2 : SumSquare {
  static double finish(double x, double, double) { return std::sqrt(x); }
};
struct LogSum : Sum {
  static double finish(double x, double, double) { return std::log(x); }
};
struct LogSumExp : Sum {
  static TENON_SIMD V map(V x, V shift) { return simd::exp(x - shift); }
  static double finish(double x, double, double shift) { return std::log(x) + shift; }
};

}  // namespace reductions

// A maximum that is subtracted must be finite.
float finite_or_zero(float x) { return std::fabs(x) <= 3.402823466e38F ? x : 0.0F; }

template <class R>
double combine_row(const float* src, std::ptrdiff_t n, float shift) {
  using V = simd::F32;
  const V s = V::set1(shift);
  double total = static_cast<double>(R::kNeutral);
  for (std::ptrdiff_t i = 0; i < n; i += simd::kRowBlock) {
    const std::ptrdiff_t length = n - i < simd::kRowBlock ? n - i : simd::kRowBlock;
    const V block = simd::combine_block(
        src + i, length, V::set1(R::kNeutral), [&](V x) TENON_INLINE_LAMBDA { return R::map(x, s); },
        [](V a, V b) TENON_INLINE_LAMBDA { return R::combine(a, b); });
    float lanes[V::kLanes];
    block.store(lanes);
    double sum = static_cast<double>(lanes[0]);
    for (int lane = 1; lane < V::kLanes; ++lane) sum = R::combine(sum, static_cast<double>(lanes[lane]));
    total = R::combine(total, sum);
  }
  return total;
}

template <class R, bool Shifted>
void reduce_rows(const ReduceArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  for (std::ptrdiff_t row = begin; row < end; ++row) {
    const float* src = args.src + row * args.axis;
    const float shift = Shifted ? finite_or_zero(simd::max_row(src, args.axis)) : 0.0F;
    const double total = combine_row<R>(src, args.axis, shift);
    args.dst[row] =
        static_cast<float>(R::finish(total, static_cast<double>(args.axis), static_cast<double>(shift)));
  }
}

// Rows of a column that are combined before their result joins the total.
constexpr std::ptrdiff_t kReduceRowBlock = 256;

template <class R>
TENON_SIMD void combine_strip(const ReduceArgs& args, const simd::Strip& strip, const float* src,
                              const simd::F32 (&shift)[simd::kStripVectors],
                              simd::F32 (&total)[simd::kStripVectors]) {
  using V = simd::F32;
  constexpr int kVectors = simd::kStripVectors;
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { total[v.value] = V::set1(R::kNeutral); });
  for (std::ptrdiff_t first = 0; first < args.axis; first += kReduceRowBlock) {
    const std::ptrdiff_t last = first + kReduceRowBlock < args.axis ? first + kReduceRowBlock : args.axis;
    V block[kVectors];
    V x[kVectors];
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { block[v.value] = V::set1(R::kNeutral); });
    for (std::ptrdiff_t i = first; i < last; ++i) {
      strip.load(src + i * args.inner, x);
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        block[v.value] = R::combine(block[v.value], R::map(x[v.value], shift[v.value]));
      });
    }
    unroll<kVectors>(
        [&](auto v) TENON_INLINE_LAMBDA { total[v.value] = R::combine(total[v.value], block[v.value]); });
  }
}

template <class R, bool Shifted>
void reduce_columns(const ReduceArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  using V = simd::F32;
  constexpr int kVectors = simd::kStripVectors;
  const std::ptrdiff_t groups = (args.inner + kReduceColumns - 1) / kReduceColumns;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t first = unit % groups * kReduceColumns;
    const std::ptrdiff_t last = first + kReduceColumns < args.inner ? first + kReduceColumns : args.inner;
    const float* src = args.src + unit / groups * args.axis * args.inner;
    float* dst = args.dst + unit / groups * args.inner;
    for (std::ptrdiff_t column = first; column < last; column += simd::kStrip) {
      const simd::Strip strip(last - column);
      V shift[kVectors];
      V total[kVectors];
      float shifts[simd::kStrip] = {};
      float totals[simd::kStrip];
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { shift[v.value] = V::zero(); });
      if constexpr (Shifted) {
        combine_strip<reductions::Max>(args, strip, src + column, shift, total);
        unroll<kVectors>([&](auto v)
                             TENON_INLINE_LAMBDA { total[v.value].store(shifts + v.value * V::kLanes); });
        for (int i = 0; i < strip.width; ++i) shifts[i] = finite_or_zero(shifts[i]);
        unroll<kVectors>([&](auto v)
                             TENON_INLINE_LAMBDA { shift[v.value] = V::load(shifts + v.value * V::kLanes); });
      }
      combine_strip<R>(args, strip, src + column, shift, total);
      unroll<kVectors>([&](auto v)
                           TENON_INLINE_LAMBDA { total[v.value].store(totals + v.value * V::kLanes); });
      for (int i = 0; i < strip.width; ++i) {
        dst[column + i] = static_cast<float>(R::finish(
            static_cast<double>(totals[i]), static_cast<double>(args.axis), static_cast<double>(shifts[i])));
      }
    }
  }
}

template <class R, bool Shifted = false>
void reduce_with(const ReduceArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  if (args.inner == 1) {
    reduce_rows<R, Shifted>(args, begin, end);
  } else {
    reduce_columns<R, Shifted>(args, begin, end);
  }
}

void reduce_units(const ReduceArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  switch (args.fn) {
    case ReduceFn::sum: return reduce_with<reductions::Sum>(args, begin, end);
    case ReduceFn::mean: return reduce_with<reductions::Mean>(args, begin, end);
    case ReduceFn::max: return reduce_with<reductions::Max>(args, begin, end);
    case ReduceFn::min: return reduce_with<reductions::Min>(args, begin, end);
    case ReduceFn::prod: return reduce_with<reductions::Prod>(args, begin, end);
    case ReduceFn::l1: return reduce_with<reductions::L1>(args, begin, end);
    case ReduceFn::l2: return reduce_with<reductions::L2>(args, begin, end);
    case ReduceFn::sum_square: return reduce_with<reductions::SumSquare>(args, begin, end);
    case ReduceFn::log_sum: return reduce_with<reductions::LogSum>(args, begin, end);
    case ReduceFn::log_sum_exp: return reduce_with<reductions::LogSumExp, true>(args, begin, end);
  }
}

// Whether x takes the place of the best so far, which comes before it.
TENON_SIMD simd::Mask is_better(const ArgReduceArgs& args, simd::F32 x, simd::F32 best) {
  const simd::Mask x_nan = x != x;
  if (args.last) return ((args.smallest ? x <= best : x >= best) & (best == best)) | x_nan;
  return (args.smallest ? x < best : x > best) | (x_nan & (best == best));
}

std::int64_t arg_row(const ArgReduceArgs& args, const float* src) {
  using V = simd::F32;
  const std::ptrdiff_t n = args.axis;
  const float best = args.smallest ? simd::min_row(src, n) : simd::max_row(src, n);
  const V b = V::set1(best);
  const bool is_nan = best != best;
  const auto hit = [&](V x) TENON_INLINE_LAMBDA { return any(is_nan ? x != x : x == b); };
  const auto matches = [&](float x) { return is_nan ? x != x : x == best; };
  // A vector that holds a match, then the match itself.
  std::ptrdiff_t at = 0;
  if (args.last) {
    at = n;
    while (at >= V::kLanes && !hit(V::load(src + at - V::kLanes))) at -= V::kLanes;
    do --at;
    while (at > 0 && !matches(src[at]));
  } else {
    while (at + V::kLanes <= n && !hit(V::load(src + at))) at += V::kLanes;
    while (at < n - 1 && !matches(src[at])) ++at;
  }
  return at;
}

void arg_strip(const ArgReduceArgs& args, const simd::Strip& strip, const float* src, std::int64_t* dst) {
  using V = simd::F32;
  using I = simd::I32;
  constexpr int kVectors = simd::kStripVectors;
  V best[kVectors];
  V x[kVectors];
  I index[kVectors];
  strip.load(src, best);
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { index[v.value] = I::zero(); });
  for (std::ptrdiff_t i = 1; i < args.axis; ++i) {
    strip.load(src + i * args.inner, x);
    const I here = I::set1(static_cast<std::int32_t>(i));
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      const simd::Mask better = is_better(args, x[v.value], best[v.value]);
      best[v.value] = select(better, x[v.value], best[v.value]);
      index[v.value] = select(better, here, index[v.value]);
    });
  }
  std::int32_t indices[simd::kStrip];
  unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { index[v.value].store(indices + v.value * V::kLanes); });
  for (int i = 0; i < strip.width; ++i) dst[i] = indices[i];
}

void arg_reduce_units(const ArgReduceArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  if (args.inner == 1) {
    for (std::ptrdiff_t row = begin; row < end; ++row)
      args.dst[row] = arg_row(args, args.src + row * args.axis);
    return;
  }
  const std::ptrdiff_t groups = (args.inner + kReduceColumns - 1) / kReduceColumns;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t first = unit % groups * kReduceColumns;
    const std::ptrdiff_t last = first + kReduceColumns < args.inner ? first + kReduceColumns : args.inner;
    const float* src = args.src + unit / groups * args.axis * args.inner;
    std::int64_t* dst = args.dst + unit / groups * args.inner;
    for (std::ptrdiff_t column = first; column < last; column += simd::kStrip) {
      arg_strip(args, simd::Strip(last - column), src + column, dst + column);
    }
  }
}

constexpr ReduceRoutines kReduceRoutines = {reduce_units, arg_reduce_units};

}  // namespace
}  // namespace tenon::cpu
