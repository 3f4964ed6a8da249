// The machine-specific code of integer convolutions and products: a tile of output pixels x output channel
// blocks, whose sums stay in registers while all taps and input channels pass by. conv_s8 and gemm_s8 are
// drivers around it.
//
//   sum[p, o] = bias[o] + sum over blocks b, taps (h, w), channels c of u[b, p, h, w, c] * w[o, b, h, w, c]
//
// with u unsigned bytes and w signed ones, exact modulo 2^32; then requantize.hpp. The source is what
// ConvS8Kernel::copy makes of bytes: bytes again, or with `wide` 16-bit integers for machines whose products
// are of those; or the bytes themselves where they are unsigned and the kernel is not wide. Offsets in the
// source are in bytes of it.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

// Channels whose products with one weight vector are summed at once.
inline constexpr int kS8Group = 4;
// A group's weights for a block of output channels: 16 channels x 4.
inline constexpr int kS8GroupWeights = kChannelBlock * kS8Group;

struct ConvS8Tile {
  const std::uint8_t* src;  // pixel 0 at tap (0, 0) of the first block
  std::ptrdiff_t src_block;
  std::ptrdiff_t src_tap_h;
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  int blocks;       // of 4 groups of channels, the last with
  int last_groups;  // as many, or any number if blocks is 1
  int taps_h;
  int taps_w;

  const std::int8_t* weights;  // for each output block, one after the other [b][h][w][group][16 o][4 c]
  std::ptrdiff_t weights_oc_block;
  const std::int32_t* bias;  // 16 * oc_blocks

  const Requantize* requantize;  // its multipliers are those below
  const float* multiplier;       // 16 * oc_blocks
  void* dst;                     // the first element of the whole result, as of the residual
  std::ptrdiff_t dst_at;         // pixel 0, output channel 0 of the tile, in elements
  std::ptrdiff_t dst_pixel;
  std::ptrdiff_t dst_oc_block;
  int last_lanes;  // of the last output block, how many are stored

  // With each group of channels, a line that is needed soon goes into the second-level cache: of weights, or
  // of the source.
  const void* ahead;
  std::ptrdiff_t ahead_step;   // bytes, 0 where there is nothing to fetch
  std::ptrdiff_t ahead_block;  // of the source, from the first line for a block to that for the next; else 0

  // The tile is done `tiles` times, at least once, each time further on by these.
  int tiles;
  std::ptrdiff_t next_src;
  std::ptrdiff_t next_weights;
  std::ptrdiff_t next_channels;  // of bias and multiplier
  std::ptrdiff_t next_dst;
};

struct ConvS8Kernel {
  KernelInfo info;
  bool wide;
  int pixels[4];  // the most pixels of a tile of 1, 2, 3 and 4 blocks; 0: none
  // dst gets `count` (a multiple of 4) bytes src[i] ^ flip, each as one element of the source.
  void (*copy)(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
  void (*tile)(const ConvS8Tile&, int pixels, int oc_blocks) noexcept;

  int max_pixels(int oc_blocks) const { return pixels[oc_blocks - 1]; }
  int element() const { return wide ? 2 : 1; }  // bytes
  // The largest block count, at most `wanted`, that the kernel has tiles for.
  int oc_blocks_at_most(int wanted) const {
    int blocks = wanted < 4 ? wanted : 4;
    while (blocks > 1 && pixels[blocks - 1] == 0) --blocks;
    return blocks;
  }
};

inline constexpr int kS8MostPixels = 14;

std::span<const ConvS8Kernel> conv_s8_kernels();
const ConvS8Kernel* select_conv_s8(Isa level);

}  // namespace tenon::cpu
