// reorder.hpp over the vector type of simd/: everything comes down to transposing kLanes x kLanes floats in
// registers.
#pragma once

#include "backends/cpu/kernels/reorder/reorder.hpp"
#include "backends/cpu/kernels/simd/half.hpp"
#include "backends/cpu/kernels/simd/transpose.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

// dst[j * dst_stride + i] = src[i * src_stride + j] for i < rows <= kLanes, j < columns <= kLanes. Whole
// vectors are written with `pad`: the lanes of dst beyond `rows` become zero.
template <class S, class D>
TENON_SIMD void transpose_tile(const S* src, std::ptrdiff_t src_stride, int rows, int columns, D* dst,
                               std::ptrdiff_t dst_stride, bool pad) {
  using V = simd::F32;
  constexpr int kLanes = V::kLanes;
  V x[kLanes];
  if (rows == kLanes && columns == kLanes) {
    unroll<kLanes>([&](auto i) TENON_INLINE_LAMBDA { x[i.value] = simd::load(src + i.value * src_stride); });
    transpose(x);
    unroll<kLanes>([&](auto j) TENON_INLINE_LAMBDA { simd::store(dst + j.value * dst_stride, x[j.value]); });
    return;
  }
  unroll<kLanes>([&](auto i) TENON_INLINE_LAMBDA {
    x[i.value] = i.value < rows ? simd::load_n(src + i.value * src_stride, columns) : V::zero();
  });
  transpose(x);
  const int written = pad ? kLanes : rows;
  unroll<kLanes>([&](auto j) TENON_INLINE_LAMBDA {
    if (j.value < columns) simd::store_n(dst + j.value * dst_stride, x[j.value], written);
  });
}

struct PixelGroup {
  std::ptrdiff_t block;           // index of the channel block over the whole batch
  std::ptrdiff_t channel_offset;  // of the block's first channel plane in the planar tensor
  int channels;
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};

PixelGroup pixel_group(const BlockingArgs& args, std::ptrdiff_t unit) {
  const std::ptrdiff_t groups = (args.spatial + kReorderPixels - 1) / kReorderPixels;
  const std::ptrdiff_t blocks = (args.channels + kChannelBlock - 1) / kChannelBlock;
  const std::ptrdiff_t block = unit / groups;
  const std::ptrdiff_t channel = block % blocks * kChannelBlock;
  const std::ptrdiff_t left = args.channels - channel;
  const std::ptrdiff_t first = unit % groups * kReorderPixels;
  return {block, (block / blocks * args.channels + channel) * args.spatial,
          left < kChannelBlock ? static_cast<int>(left) : kChannelBlock, first,
          first + kReorderPixels < args.spatial ? first + kReorderPixels : args.spatial};
}

int at_most(std::ptrdiff_t n, int limit) { return n < limit ? (n < 0 ? 0 : static_cast<int>(n)) : limit; }

template <class S, class D>
void to_blocked(const BlockingArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  constexpr int kLanes = simd::F32::kLanes;
  const S* const src = static_cast<const S*>(args.src);
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const PixelGroup g = pixel_group(args, unit);
    D* dst = static_cast<D*>(args.dst) + g.block * args.spatial * kChannelBlock;
    for (std::ptrdiff_t p = g.first; p < g.last; p += kLanes) {
      for (int lane = 0; lane < kChannelBlock; lane += kLanes) {
        transpose_tile(src + g.channel_offset + lane * args.spatial + p, args.spatial,
                       at_most(g.channels - lane, kLanes), at_most(g.last - p, kLanes),
                       dst + p * kChannelBlock + lane, kChannelBlock, true);
      }
    }
  }
}

template <class S, class D>
void from_blocked(const BlockingArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  constexpr int kLanes = simd::F32::kLanes;
  D* const dst = static_cast<D*>(args.dst);
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const PixelGroup g = pixel_group(args, unit);
    const S* src = static_cast<const S*>(args.src) + g.block * args.spatial * kChannelBlock;
    for (int lane = 0; lane < g.channels; lane += kLanes) {
      for (std::ptrdiff_t p = g.first; p < g.last; p += kLanes) {
        transpose_tile(src + p * kChannelBlock + lane, kChannelBlock, at_most(g.last - p, kLanes),
                       at_most(g.channels - lane, kLanes), dst + g.channel_offset + lane * args.spatial + p,
                       args.spatial, false);
      }
    }
  }
}

template <class S, class D>
void convert(const ConvertArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  constexpr int kLanes = simd::F32::kLanes;
  const S* const src = static_cast<const S*>(args.src);
  D* const dst = static_cast<D*>(args.dst);
  const std::ptrdiff_t limit = end * kConvertElements;
  const std::ptrdiff_t last = limit < args.count ? limit : args.count;
  std::ptrdiff_t i = begin * kConvertElements;
  for (; i + kLanes <= last; i += kLanes) simd::store(dst + i, simd::load(src + i));
  if (i < last) {
    const int n = static_cast<int>(last - i);
    simd::store_n(dst + i, simd::load_n(src + i, n), n);
  }
}

// dst[j * dst_stride + i] = src[i * src_stride + j] for i < rows, j < columns
template <class T>
void transpose_block(const T* src, std::ptrdiff_t src_stride, std::ptrdiff_t rows, std::ptrdiff_t columns,
                     T* dst, std::ptrdiff_t dst_stride) {
  for (std::ptrdiff_t j = 0; j < columns; ++j) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) dst[j * dst_stride + i] = src[i * src_stride + j];
  }
}

// N rows become columns side by side, and back: loops that compilers turn into shuffles.
template <int N>
void interleave(const float* __restrict src, std::ptrdiff_t src_stride, std::ptrdiff_t columns,
                float* __restrict dst) {
  for (std::ptrdiff_t j = 0; j < columns; ++j) {
    for (int i = 0; i < N; ++i) dst[j * N + i] = src[i * src_stride + j];
  }
}

template <int N>
void deinterleave(const float* __restrict src, std::ptrdiff_t rows, float* __restrict dst,
                  std::ptrdiff_t dst_stride) {
  for (std::ptrdiff_t i = 0; i < rows; ++i) {
    for (int j = 0; j < N; ++j) dst[j * dst_stride + i] = src[i * N + j];
  }
}

void transpose_block(const float* src, std::ptrdiff_t src_stride, std::ptrdiff_t rows, std::ptrdiff_t columns,
                     float* dst, std::ptrdiff_t dst_stride) {
  constexpr int kLanes = simd::F32::kLanes;
  if (dst_stride == rows) {
    switch (rows) {
      case 2: return interleave<2>(src, src_stride, columns, dst);
      case 3: return interleave<3>(src, src_stride, columns, dst);
      case 4: return interleave<4>(src, src_stride, columns, dst);
      default: break;
    }
  }
  if (src_stride == columns) {
    switch (columns) {
      case 2: return deinterleave<2>(src, rows, dst, dst_stride);
      case 3: return deinterleave<3>(src, rows, dst, dst_stride);
      case 4: return deinterleave<4>(src, rows, dst, dst_stride);
      default: break;
    }
  }
  for (std::ptrdiff_t i = 0; i < rows; i += kLanes) {
    for (std::ptrdiff_t j = 0; j < columns; j += kLanes) {
      transpose_tile(src + i * src_stride + j, src_stride, at_most(rows - i, kLanes),
                     at_most(columns - j, kLanes), dst + j * dst_stride + i, dst_stride, false);
    }
  }
}

// Splits `unit` over the dimensions [0, rank) except the two given; the sums of index x stride in dst and
// src.
struct TransposeOffsets {
  std::ptrdiff_t dst = 0;
  std::ptrdiff_t src = 0;
};

TransposeOffsets outer_offsets(const TransposeTask& t, std::ptrdiff_t unit, int skip_a, int skip_b) {
  TransposeOffsets offsets;
  std::ptrdiff_t dst_stride = 1;
  for (int d = t.rank - 1; d >= 0; --d) {
    const auto at = static_cast<std::size_t>(d);
    if (d != skip_a && d != skip_b) {
      const std::ptrdiff_t index = unit % t.dims[at];
      unit /= t.dims[at];
      offsets.dst += index * dst_stride;
      offsets.src += index * t.strides[at];
    }
    dst_stride *= t.dims[at];
  }
  return offsets;
}

template <class T>
void transpose_tiles(const TransposeTask& t, const T* src, T* dst, std::ptrdiff_t begin, std::ptrdiff_t end) {
  const auto last = static_cast<std::size_t>(t.rank - 1);
  const auto fast = static_cast<std::size_t>(t.fast);
  std::ptrdiff_t fast_stride = 1;
  for (std::size_t d = fast + 1; d <= last; ++d) fast_stride *= t.dims[d];
  const std::ptrdiff_t tiles_last = (t.dims[last] + kTransposeTile - 1) / kTransposeTile;
  const std::ptrdiff_t tiles_fast = (t.dims[fast] + kTransposeTile - 1) / kTransposeTile;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const std::ptrdiff_t i = unit % tiles_last * kTransposeTile;
    const std::ptrdiff_t j = unit / tiles_last % tiles_fast * kTransposeTile;
    const TransposeOffsets at = outer_offsets(t, unit / (tiles_last * tiles_fast), t.fast, t.rank - 1);
    const std::ptrdiff_t rows = t.dims[last] - i < kTransposeTile ? t.dims[last] - i : kTransposeTile;
    const std::ptrdiff_t columns = t.dims[fast] - j < kTransposeTile ? t.dims[fast] - j : kTransposeTile;
    transpose_block(src + at.src + i * t.strides[last] + j, t.strides[last], rows, columns,
                    dst + at.dst + j * fast_stride + i, fast_stride);
  }
}

void transpose_rows(const TransposeTask& t, const char* src, char* dst, std::ptrdiff_t begin,
                    std::ptrdiff_t end) {
  const std::ptrdiff_t bytes = t.dims[static_cast<std::size_t>(t.rank - 1)] * t.element_bytes;
  for (std::ptrdiff_t unit = begin; unit < end; ++unit) {
    const TransposeOffsets at = outer_offsets(t, unit, t.rank - 1, t.rank - 1);
    std::memcpy(dst + at.dst * t.element_bytes, src + at.src * t.element_bytes,
                static_cast<std::size_t>(bytes));
  }
}

void transpose_units(const TransposeArgs& args, std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const TransposeTask& t = *args.task;
  if (t.form == TransposeTask::Form::copy) {
    return transpose_rows(t, static_cast<const char*>(args.src), static_cast<char*>(args.dst), begin, end);
  }
  switch (t.element_bytes) {
    case 1:
      return transpose_tiles(t, static_cast<const std::uint8_t*>(args.src),
                             static_cast<std::uint8_t*>(args.dst), begin, end);
    case 2:
      return transpose_tiles(t, static_cast<const std::uint16_t*>(args.src),
                             static_cast<std::uint16_t*>(args.dst), begin, end);
    case 4:
      return transpose_tiles(t, static_cast<const float*>(args.src), static_cast<float*>(args.dst), begin,
                             end);
    default:
      return transpose_tiles(t, static_cast<const std::uint64_t*>(args.src),
                             static_cast<std::uint64_t*>(args.dst), begin, end);
  }
}

#define TENON_FROM_TYPE(routine, S) \
  { routine<S, float>, routine<S, bfloat16>, routine<S, float16> }
#define TENON_ALL_TYPES(routine) \
  { TENON_FROM_TYPE(routine, float), TENON_FROM_TYPE(routine, bfloat16), TENON_FROM_TYPE(routine, float16) }

constexpr ReorderRoutines kReorderRoutines = {TENON_ALL_TYPES(to_blocked), TENON_ALL_TYPES(from_blocked),
                                              TENON_ALL_TYPES(convert), transpose_units};

#undef TENON_ALL_TYPES
#undef TENON_FROM_TYPE

}  // namespace
}  // namespace tenon::cpu
