// The one piece of machine-specific code of convolutions: a tile of output pixels x output channel blocks,
// kept in registers while all taps and input channels pass by. conv and deconv are drivers around it.
//
//   dst[p, o] = act( bias[o] + residual[p, o] + sum over blocks b, taps (h, w), lanes c of
//                    src[b, pixel p at tap (h, w), c] * weights[b, h, w, c, o] )
//
// for `pixels` pixels p and 16 * oc_blocks channels o. A pixel and a channel block are 16 contiguous floats
// in dst, and in src too unless the access is planar: then a "block" of src is one channel and a pixel of it
// one float (c = 0 only).
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon::cpu {

enum class ConvAccess {
  row,     // pixel p lies 16 * p floats after pixel 0
  row2,    // pixel p lies 32 * p floats after pixel 0
  gather,  // pixel p at tap (h, w) lies at row[p] + h * row_step, column[p] + w * column_step; outside of src
           // it is zero
  planar,  // pixel p lies src_pixel * p floats after pixel 0
  planar1,  // planar with src_pixel == 1
  planar2,  // planar with src_pixel == 2
};

struct ConvTile {
  const float* src;  // pixel 0 at tap (0, 0) of the first block; gather: the origin of the first block
  std::ptrdiff_t src_block;
  std::ptrdiff_t src_tap_h;  // not used by gather
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  int blocks;
  int last_lanes;  // lanes of the last block that hold channels, 1 to 16
  int taps_h;
  int taps_w;

  const float* weights;  // 16 output channels x lane, lane after lane
  std::ptrdiff_t weights_oc_block;
  std::ptrdiff_t weights_block;
  std::ptrdiff_t weights_tap_h;
  std::ptrdiff_t weights_tap_w;

  float* dst;
  const float* residual;  // laid out as dst, or nullptr; may be dst
  const float* bias;      // 16 * oc_blocks floats, or nullptr
  std::ptrdiff_t dst_pixel;
  std::ptrdiff_t dst_oc_block;
  bool first;  // start from bias and residual, else from what dst holds
  bool last;   // apply act
  Activation act;

  // With each input lane, a line of weights that are needed soon goes into the second-level cache, from ahead
  // on in steps of ahead_step floats. nullptr: none.
  const float* ahead;
  std::ptrdiff_t ahead_step;

  // The tile is done `tiles` times, at least once, each time further on by these.
  int tiles;
  std::ptrdiff_t next_src;
  std::ptrdiff_t next_weights;
  std::ptrdiff_t next_bias;
  std::ptrdiff_t next_dst;  // and residual

  const int* row;
  const int* column;
  int row_step;
  int column_step;
  int src_h;
  int src_w;
};

inline constexpr int kConvMostPixels = 32;  // of a tile, at any level

struct ConvKernel {
  KernelInfo info;
  int pixels[3];  // see kernels.inc
  void (*tile)(const ConvTile&, ConvAccess access, int pixels, int oc_blocks) noexcept;

  // The most pixels a tile of 1, 2 or 4 blocks may have.
  int max_pixels(int oc_blocks) const { return pixels[oc_blocks >> 1]; }
  // The largest block count, at most `wanted`, that the kernel has tiles for.
  int oc_blocks_at_most(int wanted) const {
    if (wanted >= 4 && pixels[2]) return 4;
    return wanted >= 2 && pixels[1] ? 2 : 1;
  }
};

std::span<const ConvKernel> conv_kernels();

}  // namespace tenon::cpu
