// Depthwise convolution of bytes, nChw16c to nChw16c: the formula of conv_s8.hpp with one input and one
// output channel a group.
//
// Taps of a row are summed four at a time: four pixels of a channel block, turned to [16 c][4 pixels], and
// weights in the same order are one dot product per channel. They are turned in registers, each as it is
// read, and serve all rows of outputs that a tile has over them. Weights are packed once for all ISA levels,
//   [ceil(C/16)][kernel_h][ceil(kernel_w/4)][16 c][4 taps]
// with zeros for missing taps and channels; bias and multipliers are those of conv_s8.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

namespace tenon::cpu {

// Rows of outputs of one channel block: what differs between ISA levels.
struct DepthwiseS8Rows {
  // The source row that tap row k of output row r reads, at [r * stride_h + k] and its first column; rows
  // outside of the image are of padding.
  const std::uint8_t* const* sources;
  int height;  // of outputs: one, or as many as the kernel says where rows are not dilated
  int width;
  int in_width;
  int kernel_h;
  int kernel_w;
  int stride_h;
  int stride_w;
  int dilation_w;
  int pad_left;
  std::uint8_t padding;
  std::uint8_t flip;  // what bytes are combined with (xor) to have no sign

  const std::int8_t* weights;  // of the block
  const std::int32_t* bias;
  const float* multiplier;
  const Requantize* requantize;
  void* dst;
  std::ptrdiff_t dst_at;
  std::ptrdiff_t dst_row;  // elements
};

struct DepthwiseS8Kernel {
  KernelInfo info;
  int height;  // rows of outputs that it does best
  void (*rows)(const DepthwiseS8Rows&) noexcept;
};

inline constexpr int kDepthwiseS8MostHeight = 4;

std::span<const DepthwiseS8Kernel> depthwise_s8_kernels();
const DepthwiseS8Kernel* select_depthwise_s8(Isa level);

// nullptr if depthwise_s8_run takes the shape, else why not.
const char* depthwise_s8_refusal(const ConvShape& shape);

// weights is [C][1][kernel_h][kernel_w].
std::size_t depthwise_s8_packed_size(const ConvShape& shape);
void depthwise_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept;

// scratch: that many bytes, aligned to a cache line, for at least as many threads as the pool has.
std::size_t depthwise_s8_scratch_size(const ConvShape& shape, int threads);
// `config` and `planar` of the arguments are not used.
void depthwise_s8_run(const DepthwiseS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                      ThreadPool& pool) noexcept;

}  // namespace tenon::cpu
