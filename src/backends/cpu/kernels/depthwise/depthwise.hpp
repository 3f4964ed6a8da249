// Depthwise convolution, single precision, blocked channels (nChw16c): conv.hpp's formula with one input and
// one output channel per group,
//
//   dst[n, c, y, x] = act( bias[c] + residual[n, c, y, x] + sum over h, w of
//                          src[n, c, y * stride_h - pad_top + h * dilation_h, x * stride_w - pad_left + w *
//                          dilation_w]
//                          * weights[c, h, w] )
//
// Weights are packed once, in one format for all ISA levels, missing channels zero:
// [ceil(C/16)][kernel_h][kernel_w][16]. The bias is that of conv_pack_bias. residual may be dst. src,
// residual and dst may be stored in 16 bits, all alike.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/float_types.hpp"

#include <cstddef>
#include <span>

namespace tenon::cpu {

// Output pixels of one channel block along a row or a column that meet the same taps, all of them inside of
// src.
struct DepthwiseLine {
  const void* src;  // pixel 0 at tap (0, 0)
  std::ptrdiff_t src_tap_h;
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  const float* weights;  // at tap (0, 0)
  std::ptrdiff_t weights_tap_h;
  int taps_h;
  int taps_w;
  const float* bias;     // 16 floats, or nullptr
  const void* residual;  // laid out as dst, or nullptr
  void* dst;
  std::ptrdiff_t dst_pixel;
  int pixels;
  Activation act;
};

// Rows [begin, end) of one channel block of an image, for windows of three or five columns side by side with
// stride 1 or 2 that reach at most half a window beyond src on either side (depthwise_has_rows).
struct DepthwiseRows {
  const void* src;  // the plane of the block
  std::ptrdiff_t src_row;
  int in_h, in_w;
  const float* weights;
  int taps_h, taps_w;
  int stride_h, stride_w;
  int pad_top, pad_left;
  int dilation_h;
  const float* bias;     // 16 floats, or nullptr
  const void* residual;  // the plane of the block, laid out as dst, or nullptr
  void* dst;             // the plane of the block
  int out_w;
  int begin, end;
  Activation act;
};

inline constexpr int kDepthwiseMostReach = 2;  // half of five columns

// By the type in which src, residual and dst are stored; steps from pixel to pixel count elements.
struct DepthwiseRoutines {
  void (*line[kFloatTypes])(const DepthwiseLine&) noexcept;
  void (*rows[kFloatTypes])(const DepthwiseRows&) noexcept;
};

struct DepthwiseKernel {
  KernelInfo info;
  const DepthwiseRoutines& (*routines)() noexcept;
};

bool depthwise_has_rows(const ConvShape& shape);

std::span<const DepthwiseKernel> depthwise_kernels();
const DepthwiseKernel* select_depthwise(Isa level);

// nullptr if depthwise_run takes the shape, else why not.
const char* depthwise_refusal(const ConvShape& shape);

// weights is [channels][1][kernel_h][kernel_w]. Size in floats.
std::size_t depthwise_packed_size(const ConvShape& shape);
void depthwise_pack(const ConvShape& shape, const float* weights, float* packed) noexcept;

// args.config is not used. Where `type` is not f32, args.src, args.residual and args.dst are addresses of
// elements of that type.
void depthwise_run(const DepthwiseKernel& kernel, const ConvArgs& args, ThreadPool& pool,
                   DataType type = DataType::f32) noexcept;

}  // namespace tenon::cpu
