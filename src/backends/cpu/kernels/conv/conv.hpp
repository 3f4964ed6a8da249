// Convolution, single precision, into blocked channels:
//
//   dst[n, o, y, x] = act( bias[o] + residual[n, o, y, x] + sum over c, h, w of
//                          src[n, c, y * stride_h - pad_top + h * dilation_h, x * stride_w - pad_left + w *
//                          dilation_w]
//                          * weights[o, c, h, w] )
//
// with src zero outside of its bounds and c running over the input channels of o's group. dst and residual
// are nChw16c; src is nChw16c (conv_run, conv_banded_run) or plain NCHW (conv_planar_run, for first layers of
// few channels). residual may be dst.
//
// Weights are packed once, in one format for all ISA levels, missing channels zero:
//   blocked: [groups][ceil(O/16)][ceil(C/16)][kernel_h][kernel_w][16 c][16 o]     O, C per group
//   planar:  [ceil(O/16)][C][kernel_h][kernel_w][16 o]
// The bias is padded to 16 * ceil(O/16) floats (conv_pack_bias).
//
// Groups that cut blocks of 16 channels are done several at once, as one group whose weights between them are
// zero: conv_merged gives that shape, and O, C above are those of it. (An infinity in one of them becomes a
// NaN in the others.)
//
// Each sum runs in an order that depends on shape and config alone.
#pragma once

#include "backends/cpu/kernels/conv/tile.hpp"

#include <cstddef>
#include <span>

namespace tenon {
class ThreadPool;
}

namespace tenon::cpu {

struct ConvShape {
  int batch = 1;
  int groups = 1;
  int in_channels = 0;  // of all groups
  int in_h = 0;
  int in_w = 0;
  int out_channels = 0;
  int out_h = 0;
  int out_w = 0;
  int kernel_h = 1;
  int kernel_w = 1;
  int stride_h = 1;
  int stride_w = 1;
  int dilation_h = 1;
  int dilation_w = 1;
  int pad_top = 0;  // what pad is needed at bottom and right follows from out_h, out_w
  int pad_left = 0;
  // A third spatial axis before the others, for conv_nchw alone.
  int in_d = 1;
  int out_d = 1;
  int kernel_d = 1;
  int stride_d = 1;
  int dilation_d = 1;
  int pad_front = 0;

  int group_in() const { return in_channels / groups; }
  int group_out() const { return out_channels / groups; }
  bool empty() const { return batch == 0 || out_channels == 0 || out_d == 0 || out_h == 0 || out_w == 0; }
  bool pointwise() const {
    return kernel_h == 1 && kernel_w == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 &&
           pad_left == 0 && in_h == out_h && in_w == out_w;
  }
};

// How a convolution is cut into tiles and in which order they are done. Any choice is correct.
struct ConvConfig {
  int pixels = 1;     // per tile
  int oc_blocks = 1;  // per tile: 1, 2 or 4
  int ic_blocks = 0;  // input blocks per pass over the pixels, 0 for all; sums of several passes wait in dst
  bool rows = false;  // tiles end with the row; else they are cut from the flattened image
  bool oc_inner =
      false;  // all output channels of a tile's pixels before the next pixels; excludes several passes

  friend bool operator==(const ConvConfig&, const ConvConfig&) = default;
};

struct ConvArgs {
  ConvShape shape;
  ConvConfig config;
  const float* src = nullptr;
  const float* weights = nullptr;  // packed
  const float* bias = nullptr;     // padded, or nullptr
  const float* residual = nullptr;
  float* dst = nullptr;
  Activation act;
  // Memory that is read after this convolution, to be asked for on the way: conv_run alone does, as far as
  // conv_lines_ahead.
  std::span<const std::byte> ahead;
};

const ConvKernel* select_conv(Isa level);

// The shape with as few groups merged as it takes for blocks to lie within a group. Grows the number of
// products by the number of groups merged.
ConvShape conv_merged(const ConvShape& shape);

// nullptr if conv_run, or conv_banded_run, takes the shape, else why not. conv_planar_run takes every shape
// of one group.
const char* conv_refusal(const ConvShape& shape);
const char* conv_banded_refusal(const ConvShape& shape);

// The configs worth trying, best guess first.
struct ConvConfigs {
  static constexpr int kMax = 5;
  ConvConfig configs[kMax];
  int count = 0;
};
ConvConfigs conv_configs(const ConvKernel& kernel, const ConvShape& shape);
ConvConfigs conv_banded_configs(const ConvKernel& kernel, const ConvShape& shape);
ConvConfigs conv_planar_configs(const ConvKernel& kernel, const ConvShape& shape);

// weights is OIHW: [out_channels][in_channels / groups][kernel_h][kernel_w]. Sizes in floats.
std::size_t conv_packed_size(const ConvShape& shape);
void conv_pack(const ConvShape& shape, const float* weights, float* packed) noexcept;
std::size_t conv_planar_packed_size(const ConvShape& shape);
void conv_planar_pack(const ConvShape& shape, const float* weights, float* packed) noexcept;
std::size_t conv_packed_bias_size(int channels);
void conv_pack_bias(const float* bias, int channels, float* packed) noexcept;

void conv_run(const ConvKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept;
// Cache lines that conv_run can bring into the caches beside its own operands. args: shape and config.
std::ptrdiff_t conv_lines_ahead(const ConvKernel& kernel, const ConvArgs& args);
// scratch: conv_banded_scratch_size, or conv_planar_scratch_size, floats for at least as many threads as the
// pool has.
std::size_t conv_banded_scratch_size(const ConvShape& shape, int threads);
void conv_banded_run(const ConvKernel& kernel, const ConvArgs& args, float* scratch,
                     ThreadPool& pool) noexcept;
std::size_t conv_planar_scratch_size(const ConvShape& shape, int threads);
void conv_planar_run(const ConvKernel& kernel, const ConvArgs& args, float* scratch,
                     ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
