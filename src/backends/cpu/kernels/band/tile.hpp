// What tiles of output pixels x output channel blocks have in common whose sums stay in registers while all
// taps and input channels pass by, in groups of channels whose products with one weight vector are summed at
// once. The tiles of conv_s8 and conv_half add to it what becomes of the sums.
//
//   sum[p, o] = bias[o] + sum over blocks b, taps (h, w), channels c of x[b, p, h, w, c] * w[o, b, h, w, c]
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>

namespace tenon::cpu {

template <class Weight>
struct BandTile {
  const std::byte* src;  // pixel 0 at tap (0, 0) of the first block; offsets are in bytes
  std::ptrdiff_t src_block;
  std::ptrdiff_t src_tap_h;
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  int blocks;       // of 16 channels, the last with
  int last_groups;  // as many groups as make a block, or any number if blocks is 1
  int taps_h;
  int taps_w;

  const Weight* weights;  // for each output block, one after the other [b][h][w][group][16 o][c of the group]
  std::ptrdiff_t weights_oc_block;

  void* dst;              // the first element of the whole result
  std::ptrdiff_t dst_at;  // pixel 0, output channel 0 of the tile, in elements
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
  std::ptrdiff_t next_channels;  // of what there is for each output channel
  std::ptrdiff_t next_dst;
};

// The tiles that a kernel has.
struct BandTileSizes {
  int pixels[4];  // the most pixels of a tile of 1, 2, 3 and 4 blocks; 0: none

  int max_pixels(int oc_blocks) const { return pixels[oc_blocks - 1]; }
  // The largest block count, at most `wanted`, that the kernel has tiles for.
  int oc_blocks_at_most(int wanted) const {
    int blocks = wanted < 4 ? wanted : 4;
    while (blocks > 1 && pixels[blocks - 1] == 0) --blocks;
    return blocks;
  }
};

}  // namespace tenon::cpu
