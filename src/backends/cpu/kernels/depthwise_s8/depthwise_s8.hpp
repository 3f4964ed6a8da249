// Depthwise convolution of bytes, nChw16c to nChw16c: the formula of conv_s8.hpp with one input and one
// output channel a group.
//
// Taps of a column are summed four at a time: the rows under an output row are interleaved to [column][16
// c][4 rows], and a product with weights in the same order is one dot product per channel and column. Weights
// are packed once for all ISA levels,
//   [ceil(C/16)][ceil(kernel_h/4)][kernel_w][16 c][4 rows]
// with zeros for missing rows and channels; bias and multipliers are those of conv_s8.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

namespace tenon::cpu {

// A row of outputs of one channel block: what differs between ISA levels.
struct DepthwiseS8Row {
  // Rows of the source under the output row, four to a group; each with its step from column to column, which
  // is 0 for rows that lie outside and read one pixel of padding.
  struct Source {
    const std::uint8_t* at;
    std::ptrdiff_t step;
  };
  const Source* sources;  // 4 * groups, each at the first column inside of the image
  int groups;
  int left;     // columns of padding before
  int columns;  // inside
  int right;    // after
  std::uint8_t padding;
  std::uint8_t flip;
  std::uint8_t* interleaved;  // groups * (left + columns + right) * 64 bytes of scratch

  int outputs;
  int stride;
  int taps;
  int dilation;
  const std::int8_t* weights;  // of the block
  const std::int32_t* bias;
  const float* multiplier;
  const Requantize* requantize;
  void* dst;
  std::ptrdiff_t dst_at;
};

struct DepthwiseS8Kernel {
  KernelInfo info;
  void (*row)(const DepthwiseS8Row&) noexcept;
};

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
