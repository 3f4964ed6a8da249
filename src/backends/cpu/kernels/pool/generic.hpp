// pool.hpp over the vector type of simd/.
//
//   blocked  a vector is 16 channels of a pixel; each output walks its window, row sums first; common windows
//            that lie inside of the input have loops of known length
//   global   one output: a plane is one run of floats, or of pixels
//   planar   the rows under a window are combined into one row of the input's width, with neutral elements in
//   the padding; the
//            outputs then combine along that row. Wide rows are cut into pieces.
#pragma once

#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/pool/pool.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

// The taps [first, last) of the window at output `o` that fall into the input, and the divisor's share of
// this axis.
struct PoolWindow {
  int start;
  int first;
  int last;
  int counted;
};

int taps_below(const PoolArgs::Axis& a, int start, int limit) {
  int n = limit - start;
  if (n > 0 && a.dilation != 1) n = (n + a.dilation - 1) / a.dilation;
  return n <= 0 ? 0 : n < a.kernel ? n : a.kernel;
}

PoolWindow window_at(const PoolArgs& args, const PoolArgs::Axis& a, int o) {
  const int start = o * a.stride - a.pad;
  const int first = taps_below(a, start, 0);
  const int last = taps_below(a, start, a.in);
  const int counted = args.count_include_pad ? taps_below(a, start, a.in + a.pad_end) : last - first;
  return {start, first, last, counted};
}

struct PoolMax {
  static constexpr float kNeutral = -__builtin_inff();
  static TENON_SIMD simd::F32 combine(simd::F32 a, simd::F32 b) { return max(a, b); }
  static TENON_SIMD float combine(float a, float b) { return a > b ? a : b; }
  static TENON_SIMD float across(simd::F32 x) { return reduce_max(x); }
  static TENON_SIMD simd::F32 finish(simd::F32 x, int) { return x; }
  static TENON_SIMD float finish(float x, int) { return x; }
};

struct PoolAverage {
  static constexpr float kNeutral = 0.0F;
  static TENON_SIMD simd::F32 combine(simd::F32 a, simd::F32 b) { return a + b; }
  static TENON_SIMD float combine(float a, float b) { return a + b; }
  static TENON_SIMD float across(simd::F32 x) { return reduce_add(x); }
  static TENON_SIMD simd::F32 finish(simd::F32 x, int count) {
    return x / simd::F32::set1(static_cast<float>(count));
  }
  static TENON_SIMD float finish(float x, int count) { return x / static_cast<float>(count); }
};

// Where a unit lies: its windows in depth and height, and the plane it reads.
struct PoolRow {
  PoolWindow depth;
  PoolWindow height;
  std::ptrdiff_t plane;
};

PoolRow row_at(const PoolArgs& args, std::ptrdiff_t unit) {
  const std::ptrdiff_t rows = args.axes[1].out;
  const std::ptrdiff_t depths = args.axes[0].out;
  return {window_at(args, args.axes[0], static_cast<int>(unit / rows % depths)),
          window_at(args, args.axes[1], static_cast<int>(unit % rows)), unit / (rows * depths)};
}

// Outputs [begin, end) of a row, whose windows are `Kernel` wide and lie inside of the input.
template <class Op, int Kernel, class T>
void pool_blocked_inside(const PoolArgs& args, const PoolRow& at, const T* plane, int begin, int end,
                         T* dst) {
  using V = simd::F32;
  constexpr int kVectors = kChannelBlock / V::kLanes;
  const PoolArgs::Axis& width = args.axes[2];
  const std::ptrdiff_t row_size = static_cast<std::ptrdiff_t>(width.in) * kChannelBlock;
  const std::ptrdiff_t plane_size = row_size * args.axes[1].in;
  const std::ptrdiff_t step = args.axes[1].dilation * row_size;
  const int count = at.depth.counted * at.height.counted * Kernel;
  const int rows = at.height.last - at.height.first;
  plane += (at.height.start + at.height.first * args.axes[1].dilation) * row_size;
  for (int ow = begin; ow < end; ++ow) {
    V total[kVectors];
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { total[v.value] = V::set1(Op::kNeutral); });
    const T* pixel = plane + static_cast<std::ptrdiff_t>(ow * width.stride - width.pad) * kChannelBlock;
    for (int kd = at.depth.first; kd < at.depth.last; ++kd) {
      const T* line = pixel + (at.depth.start + kd * args.axes[0].dilation) * plane_size;
      for (int kh = 0; kh < rows; ++kh, line += step) {
        unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
          V sum = simd::load(line + v.value * V::kLanes);
          unroll<Kernel - 1>([&](auto w) TENON_INLINE_LAMBDA {
            sum = Op::combine(sum, simd::load(line + (w.value + 1) * kChannelBlock + v.value * V::kLanes));
          });
          total[v.value] = Op::combine(total[v.value], sum);
        });
      }
    }
    unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
      simd::store(dst + ow * kChannelBlock + v.value * V::kLanes, Op::finish(total[v.value], count));
    });
  }
}

// As above for the widths that have code; whether this one has.
template <class Op, class T>
bool pool_blocked_inside(const PoolArgs& args, const PoolRow& at, const T* plane, int begin, int end,
                         T* dst) {
  if (args.axes[2].dilation != 1) return false;
  switch (args.axes[2].kernel) {
    case 2: pool_blocked_inside<Op, 2>(args, at, plane, begin, end, dst); return true;
    case 3: pool_blocked_inside<Op, 3>(args, at, plane, begin, end, dst); return true;
    case 5: pool_blocked_inside<Op, 5>(args, at, plane, begin, end, dst); return true;
    default: return false;
  }
}

template <class Op, class T>
void pool_blocked_rows(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  using V = simd::F32;
  constexpr int kVectors = kChannelBlock / V::kLanes;
  const PoolArgs::Axis& width = args.axes[2];
  const std::ptrdiff_t row_size = static_cast<std::ptrdiff_t>(width.in) * kChannelBlock;
  const std::ptrdiff_t plane_size = row_size * args.axes[1].in;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const PoolRow row = row_at(args, unit);
    const T* plane = static_cast<const T*>(args.src) + row.plane * plane_size * args.axes[0].in;
    T* dst = static_cast<T*>(args.dst) + unit * width.out * kChannelBlock;
    const Range inside =
        interior(width.stride, width.pad, (width.kernel - 1) * width.dilation, width.in, width.out);
    const bool done = pool_blocked_inside<Op>(args, row, plane, inside.begin, inside.end, dst);
    for (int ow = 0; ow < width.out; ++ow, dst += kChannelBlock) {
      if (done && ow >= inside.begin && ow < inside.end) continue;
      const PoolWindow w = window_at(args, width, ow);
      V total[kVectors];
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { total[v.value] = V::set1(Op::kNeutral); });
      for (int kd = row.depth.first; kd < row.depth.last; ++kd) {
        const T* slice = plane + (row.depth.start + kd * args.axes[0].dilation) * plane_size;
        for (int kh = row.height.first; kh < row.height.last; ++kh) {
          const T* line = slice + (row.height.start + kh * args.axes[1].dilation) * row_size;
          V sum[kVectors];
          unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA { sum[v.value] = V::set1(Op::kNeutral); });
          for (int kw = w.first; kw < w.last; ++kw) {
            const T* p = line + static_cast<std::ptrdiff_t>(w.start + kw * width.dilation) * kChannelBlock;
            unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
              sum[v.value] = Op::combine(sum[v.value], simd::load(p + v.value * V::kLanes));
            });
          }
          unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
            total[v.value] = Op::combine(total[v.value], sum[v.value]);
          });
        }
      }
      const int count = row.depth.counted * row.height.counted * w.counted;
      unroll<kVectors>([&](auto v) TENON_INLINE_LAMBDA {
        simd::store(dst + v.value * V::kLanes, Op::finish(total[v.value], count));
      });
    }
  }
}

// Floats of a combined row that are kept at a time.
constexpr int kPoolRow = 1024;

// Combines the rows under the window for the columns [column, column + n) of the padded input into `row`.
template <class Op>
void combine_lines(const PoolArgs& args, const PoolRow& at, const float* plane, int column, int n,
                   float* row) {
  using V = simd::F32;
  const PoolArgs::Axis& width = args.axes[2];
  const int inside = column < 0 ? (-column < n ? -column : n) : 0;
  const int limit = width.in - column;
  const int outside = limit < inside ? inside : limit < n ? limit : n;
  for (int i = 0; i < inside; ++i) row[i] = Op::kNeutral;
  for (int i = outside; i < n; ++i) row[i] = Op::kNeutral;
  bool first = true;
  for (int kd = at.depth.first; kd < at.depth.last; ++kd) {
    const float* slice = plane + static_cast<std::ptrdiff_t>(at.depth.start + kd * args.axes[0].dilation) *
                                     args.axes[1].in * width.in;
    for (int kh = at.height.first; kh < at.height.last; ++kh) {
      const float* line =
          slice + static_cast<std::ptrdiff_t>(at.height.start + kh * args.axes[1].dilation) * width.in +
          column;
      int i = inside;
      for (; i + V::kLanes <= outside; i += V::kLanes) {
        const V x = V::load(line + i);
        (first ? x : Op::combine(V::load(row + i), x)).store(row + i);
      }
      for (; i < outside; ++i) row[i] = first ? line[i] : Op::combine(row[i], line[i]);
      first = false;
    }
  }
  for (int i = inside; first && i < outside; ++i) row[i] = Op::kNeutral;
}

// dst[ow] for ow in [begin, end) from the combined row, whose first float is column `column` of the input.
template <class Op>
void combine_along(const PoolArgs& args, const PoolRow& at, const float* row, int column, int begin, int end,
                   float* dst) {
  using V = simd::F32;
  const PoolArgs::Axis& width = args.axes[2];
  const int share = at.depth.counted * at.height.counted;
  int ow = begin;
  const auto one = [&](int o) {
    const float* p = row + (o * width.stride - width.pad - column);
    float x = p[0];
    for (int kw = 1; kw < width.kernel; ++kw) x = Op::combine(x, p[kw * width.dilation]);
    dst[o] = Op::finish(x, share * window_at(args, width, o).counted);
  };
  if (width.stride != 1) {
    for (; ow < end; ++ow) one(ow);
    return;
  }
  // The outputs whose whole window lies in the input share one divisor.
  const int reach = (width.kernel - 1) * width.dilation;
  const int full_begin = width.pad < begin ? begin : width.pad < end ? width.pad : end;
  const int full_limit = width.in - reach + width.pad;
  const int full_end = full_limit < full_begin ? full_begin : full_limit < end ? full_limit : end;
  for (; ow < full_begin; ++ow) one(ow);
  for (; ow + V::kLanes <= full_end; ow += V::kLanes) {
    const float* p = row + (ow - width.pad - column);
    V x = V::load(p);
    for (int kw = 1; kw < width.kernel; ++kw) x = Op::combine(x, V::load(p + kw * width.dilation));
    Op::finish(x, share * width.kernel).store(dst + ow);
  }
  for (; ow < end; ++ow) one(ow);
}

// A window too wide for a piece: one output at a time, straight from the input.
template <class Op>
void pool_directly(const PoolArgs& args, const PoolRow& at, const float* plane, float* dst) {
  const PoolArgs::Axis& width = args.axes[2];
  for (int ow = 0; ow < width.out; ++ow) {
    const PoolWindow w = window_at(args, width, ow);
    float total = Op::kNeutral;
    for (int kd = at.depth.first; kd < at.depth.last; ++kd) {
      for (int kh = at.height.first; kh < at.height.last; ++kh) {
        const std::ptrdiff_t slice = at.depth.start + kd * args.axes[0].dilation;
        const float* line =
            plane + (slice * args.axes[1].in + at.height.start + kh * args.axes[1].dilation) * width.in +
            w.start;
        float sum = Op::kNeutral;
        for (int kw = w.first; kw < w.last; ++kw) sum = Op::combine(sum, line[kw * width.dilation]);
        total = Op::combine(total, sum);
      }
    }
    dst[ow] = Op::finish(total, at.depth.counted * at.height.counted * w.counted);
  }
}

template <class Op>
void pool_planar_rows(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const PoolArgs::Axis& width = args.axes[2];
  const int reach = (width.kernel - 1) * width.dilation + 1;
  const int piece = reach > kPoolRow ? 0 : (kPoolRow - reach) / width.stride + 1;
  const std::ptrdiff_t plane_size = static_cast<std::ptrdiff_t>(args.axes[0].in) * args.axes[1].in * width.in;
  alignas(64) float row[kPoolRow];
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const PoolRow at = row_at(args, unit);
    const float* plane = static_cast<const float*>(args.src) + at.plane * plane_size;
    float* dst = static_cast<float*>(args.dst) + unit * width.out;
    if (piece == 0) {
      pool_directly<Op>(args, at, plane, dst);
      continue;
    }
    for (int ow = 0; ow < width.out; ow += piece) {
      const int last = ow + piece < width.out ? ow + piece : width.out;
      const int column = ow * width.stride - width.pad;
      combine_lines<Op>(args, at, plane, column, (last - 1 - ow) * width.stride + reach, row);
      combine_along<Op>(args, at, row, column, ow, last, dst);
    }
  }
}

bool is_global(const PoolArgs& args) {
  for (const PoolArgs::Axis& a : args.axes) {
    if (a.out != 1 || a.kernel != a.in || a.pad != 0 || a.dilation != 1) return false;
  }
  return true;
}

// Each vector of a pixel in sums of its own, so that none waits for the one before it.
template <class Op, class T>
void pool_global_blocked(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  using V = simd::F32;
  constexpr int kChains = 4;
  const int pixels = args.axes[0].in * args.axes[1].in * args.axes[2].in;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const T* plane = static_cast<const T*>(args.src) + unit * pixels * kChannelBlock;
    for (int lane = 0; lane < kChannelBlock; lane += V::kLanes) {
      V sum[kChains];
      unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA { sum[i.value] = V::set1(Op::kNeutral); });
      const T* p = plane + lane;
      int left = pixels;
      for (; left >= kChains; left -= kChains, p += kChains * kChannelBlock) {
        unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA {
          sum[i.value] = Op::combine(sum[i.value], simd::load(p + i.value * kChannelBlock));
        });
      }
      for (; left > 0; --left, p += kChannelBlock) sum[0] = Op::combine(sum[0], simd::load(p));
      const V total = Op::combine(Op::combine(sum[0], sum[1]), Op::combine(sum[2], sum[3]));
      simd::store(static_cast<T*>(args.dst) + unit * kChannelBlock + lane, Op::finish(total, pixels));
    }
  }
}

template <class Op>
void pool_global_planar(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) {
  using V = simd::F32;
  constexpr int kChains = 4;
  const int pixels = args.axes[0].in * args.axes[1].in * args.axes[2].in;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const float* p = static_cast<const float*>(args.src) + unit * pixels;
    V sum[kChains];
    unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA { sum[i.value] = V::set1(Op::kNeutral); });
    int left = pixels;
    for (; left >= kChains * V::kLanes; left -= kChains * V::kLanes, p += kChains * V::kLanes) {
      unroll<kChains>([&](auto i) TENON_INLINE_LAMBDA {
        sum[i.value] = Op::combine(sum[i.value], V::load(p + i.value * V::kLanes));
      });
    }
    for (; left >= V::kLanes; left -= V::kLanes, p += V::kLanes) sum[0] = Op::combine(sum[0], V::load(p));
    float total = Op::across(Op::combine(Op::combine(sum[0], sum[1]), Op::combine(sum[2], sum[3])));
    for (; left > 0; --left) total = Op::combine(total, *p++);
    static_cast<float*>(args.dst)[unit] = Op::finish(total, pixels);
  }
}

void pool_planar(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  if (is_global(args)) {
    args.kind == PoolArgs::Kind::max ? pool_global_planar<PoolMax>(args, begin, end)
                                     : pool_global_planar<PoolAverage>(args, begin, end);
  } else if (args.kind == PoolArgs::Kind::max) {
    pool_planar_rows<PoolMax>(args, begin, end);
  } else {
    pool_planar_rows<PoolAverage>(args, begin, end);
  }
}

template <class T>
void pool_blocked(const PoolArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  if (is_global(args)) {
    args.kind == PoolArgs::Kind::max ? pool_global_blocked<PoolMax, T>(args, begin, end)
                                     : pool_global_blocked<PoolAverage, T>(args, begin, end);
  } else if (args.kind == PoolArgs::Kind::max) {
    pool_blocked_rows<PoolMax, T>(args, begin, end);
  } else {
    pool_blocked_rows<PoolAverage, T>(args, begin, end);
  }
}

constexpr PoolRoutines kPoolRoutines = {pool_planar,
                                        {pool_blocked<float>, pool_blocked<bfloat16>, pool_blocked<float16>}};

}  // namespace
}  // namespace tenon::cpu
