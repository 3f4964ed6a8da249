// Convolution of 16-bit floats into blocked channels: the formula of conv.hpp,
//
//   dst[n, o, y, x] = act( bias[o] + residual[n, o, y, x] + sum over c, h, w of
//                          src[n, c, y * stride_h - pad_top + h * dilation_h, x * stride_w - pad_left + w *
//                          dilation_w]
//                          * weights[o, c, h, w] )
//
// with src and weights of the kernel's type (bf16 or f16), sums in single precision as tile.hpp says, and dst
// and residual, each for itself, of that type or f32. src is nChw16c; or plain NCHW floats of at most 4
// channels, which are rounded to the kernel's type on the way. dst and residual are nChw16c; residual may be
// dst if both are of one type. Padding lanes are zero in what is read and in what is written.
//
// Weights are packed once for all ISA levels,
//   [groups][ceil(O/16)][ceil(C/16)][kernel_h][kernel_w][ceil(c/2)][16 o][2 c]     O, C per group, c in the
//   block
// with zeros for missing channels: a block's columns are what AMX takes as a tile. Groups that cut blocks are
// merged, as in conv.hpp. The bias is f32, padded (conv_pack_bias). Results do not depend on the number of
// threads.
#pragma once

#include "backends/cpu/kernels/band/config.hpp"
#include "backends/cpu/kernels/conv_half/tile.hpp"

namespace tenon::cpu {

using ConvHalfConfig = BandConfig;
using ConvHalfConfigs = BandConfigs;

struct ConvHalfArgs {
  ConvShape shape;
  ConvHalfConfig config;
  const void* src = nullptr;
  bool planar = false;                     // src is NCHW floats
  const std::uint16_t* weights = nullptr;  // packed
  const float* factors = nullptr;          // of scaled weights (scaled.hpp), padded, or nullptr
  const float* bias = nullptr;             // padded, or nullptr
  const void* residual = nullptr;
  bool residual_single = false;  // the residual is f32
  void* dst = nullptr;
  bool dst_single = false;
  Activation act;
  // Memory that is read after this convolution, to be asked for on the way: conv_half_run alone does, as far
  // as conv_half_lines_ahead.
  std::span<const std::byte> ahead;
};

// nullptr if conv_half_run takes the shape, else why not.
const char* conv_half_refusal(const ConvShape& shape, bool planar);

ConvHalfConfigs conv_half_configs(const ConvHalfKernel& kernel, const ConvShape& shape);

// weights is OIHW: [out_channels][in_channels / groups][kernel_h][kernel_w], rounded to `type`. Size in
// elements.
std::size_t conv_half_packed_size(const ConvShape& shape);
void conv_half_pack(const ConvShape& shape, DataType type, const float* weights,
                    std::uint16_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t conv_half_scratch_size(const ConvHalfKernel& kernel, const ConvHalfArgs& args, int threads);
void conv_half_run(const ConvHalfKernel& kernel, const ConvHalfArgs& args, std::byte* scratch,
                   ThreadPool& pool) noexcept;
// Cache lines that conv_half_run can bring into the caches beside its own operands. args: shape and config.
std::ptrdiff_t conv_half_lines_ahead(const ConvHalfKernel& kernel, const ConvHalfArgs& args);

}  // namespace tenon::cpu
