// The machine-specific code of convolutions and products of 16-bit floats: a tile of output pixels x output
// channel blocks, whose sums stay in registers, in single precision, while all taps and input channels pass
// by. conv_half and gemm_half are drivers around it.
//
//   sum[p, o] = bias[o] + sum over blocks b, taps (h, w), channels c of x[b, p, h, w, c] * w[o, b, h, w, c]
//   dst[p, o] = act(sum[p, o] + residual[p, o])            rounded once if dst is of 16 bits
//
// Products of two 16-bit floats are exact in single precision. Channels are taken in pairs, and each sum runs
// over the pairs in their order:
//   portable, AVX2, AVX-512    the even channel's product is added, then the odd one's, each rounded
//   (portable: to
//                              nearest twice, else fused)
//   AVX-512-BF16               vdpbf16ps: the same two steps in an order and with roundings of the machine's
//   choice;
//                              denormal operands and results count as zero
// so that no level differs from the exact sum by more than epsilon * terms * sum of magnitudes + terms *
// 2^-126, and then by half a unit of the last place of what is stored.
//
// The source is bytes as they lie in memory, or what ConvHalfKernel::copy makes of them: `wide` kernels
// multiply floats. Offsets in the source are in bytes of it.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "base/half.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

// Channels whose products with one weight vector are summed at once.
inline constexpr int kHalfGroup = 2;
// A group's weights for a block of output channels: 16 channels x 2.
inline constexpr int kHalfGroupWeights = kChannelBlock * kHalfGroup;

struct ConvHalfTile {
  const std::byte* src;  // pixel 0 at tap (0, 0) of the first block
  std::ptrdiff_t src_block;
  std::ptrdiff_t src_tap_h;
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  int blocks;       // of 8 groups of channels, the last with
  int last_groups;  // as many, or any number if blocks is 1
  int taps_h;
  int taps_w;

  const std::uint16_t* weights;  // for each output block, one after the other [b][h][w][group][16 o][2 c]
  std::ptrdiff_t weights_oc_block;
  const float* bias;  // 16 * oc_blocks, or nullptr

  Activation act;
  void* dst;             // the first element of the whole result
  const void* residual;  // of the residual, laid out as it, or nullptr; may be dst
  bool dst_single;       // floats instead of the kernel's type
  bool residual_single;
  std::ptrdiff_t dst_at;  // pixel 0, output channel 0 of the tile, in elements
  std::ptrdiff_t dst_pixel;
  std::ptrdiff_t dst_oc_block;
  int last_lanes;  // of the last output block, how many are stored

  // With each group of channels, a line of weights that are needed soon goes into the second-level cache.
  const std::uint16_t* ahead;
  std::ptrdiff_t ahead_step;  // elements, 0 where there is nothing to fetch

  // The tile is done `tiles` times, at least once, each time further on by these.
  int tiles;
  std::ptrdiff_t next_src;
  std::ptrdiff_t next_weights;
  std::ptrdiff_t next_channels;  // of bias
  std::ptrdiff_t next_dst;
};

struct ConvHalfKernel {
  KernelInfo info;
  DataType type;  // bf16 or f16
  bool wide;
  int pixels[4];  // the most pixels of a tile of 1, 2, 3 and 4 blocks; 0: none
  // dst gets `count` elements of the source: of those of the kernel's type, or of floats rounded to it once.
  void (*copy)(const void* src, std::ptrdiff_t count, void* dst) noexcept;
  void (*copy_single)(const float* src, std::ptrdiff_t count, void* dst) noexcept;
  // The same of `count` pixels of planes that are `plane` floats apart: pixel after pixel, each of 2 or 4
  // channels as `width` says, those beyond `channels` zero.
  void (*interleave)(const float* src, std::ptrdiff_t plane, int channels, int width, std::ptrdiff_t count,
                     void* dst) noexcept;
  void (*tile)(const ConvHalfTile&, int pixels, int oc_blocks) noexcept;

  int max_pixels(int oc_blocks) const { return pixels[oc_blocks - 1]; }
  int element() const { return wide ? 4 : 2; }  // bytes
  // The largest block count, at most `wanted`, that the kernel has tiles for.
  int oc_blocks_at_most(int wanted) const {
    int blocks = wanted < 4 ? wanted : 4;
    while (blocks > 1 && pixels[blocks - 1] == 0) --blocks;
    return blocks;
  }
};

inline constexpr int kHalfMostPixels = 14;

std::span<const ConvHalfKernel> conv_half_kernels();
const ConvHalfKernel* select_conv_half(Isa level, DataType type);

}  // namespace tenon::cpu
