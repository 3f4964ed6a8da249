// The machine-specific code of Winograd convolutions: the three stages over a range of tiles. driver.hpp is
// the driver around them; winograd.hpp and winograd_s8.hpp say what they compute, and of which types.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <span>

namespace tenon::cpu {

// Tiles are numbered by (image, row, column). Planes are those of one channel block: 16 elements a pixel.
struct WinogradGrid {
  int outputs;  // m: a tile is m x m outputs, from alpha x alpha inputs
  int alpha;
  int tiles_h;
  int tiles_w;
  int in_h;
  int in_w;
  int out_h;
  int out_w;
  int pad_top;
  int pad_left;
};

// Input transform of one channel block. Tile i of the range goes to dst + 16 * i, elements dst_element apart.
template <class Source, class Transformed>
struct WinogradInputOf {
  WinogradGrid grid;
  const Source* src;         // the block's plane in image 0
  std::ptrdiff_t src_image;  // elements of src between images
  std::ptrdiff_t first;      // tiles [first, end)
  std::ptrdiff_t end;
  Transformed* dst;
  std::ptrdiff_t dst_element;
  bool far;  // src lies in memory: ask for tiles ahead of their use
};

// dst[block][t][o] = sum over c of src[c / 16][t][c % 16] * weights[block][c][o], for one element.
template <class Transformed, class Weight, class Sum>
struct WinogradProductOf {
  const Transformed* src;
  std::ptrdiff_t src_block;  // between blocks of 16 input channels
  int channels;
  const Weight* weights;
  std::ptrdiff_t weights_block;
  Sum* dst;
  std::ptrdiff_t dst_block;
  const Weight*
      next;        // weights of a product to come, which are brought into the second-level cache meanwhile
  int next_lines;  // cache lines of them per 16 input channels
};

// Output transform and epilogue of one channel block. Tile i of the range lies at src + 16 * i, elements
// src_element apart.
template <class Sum>
struct WinogradOutputOf {
  WinogradGrid grid;
  const Sum* src;
  std::ptrdiff_t src_element;
  std::ptrdiff_t first;  // tiles [first, end)
  std::ptrdiff_t end;
  std::ptrdiff_t dst_image;  // elements of dst between images
  bool far;                  // dst lies in memory
  int lanes;                 // of the block that hold channels; the others become zero
};

using WinogradInput = WinogradInputOf<float, float>;
using WinogradProduct = WinogradProductOf<float, float, float>;

struct WinogradOutput : WinogradOutputOf<float> {
  float* dst;             // the block's plane in image 0
  const float* residual;  // laid out as dst, or nullptr; may be dst
  const float* bias;      // 16 floats, or nullptr
  Activation act;
};

struct WinogradKernel {
  KernelInfo info;
  int tiles[3];  // see kernels.inc
  void (*input)(const WinogradInput&) noexcept;
  void (*product)(const WinogradProduct&, int tiles, int blocks) noexcept;
  void (*output)(const WinogradOutput&) noexcept;

  int max_tiles(int blocks) const { return tiles[blocks >> 1]; }
  // The largest block count, at most `wanted`, that the kernel has products for.
  int blocks_at_most(int wanted) const {
    if (wanted >= 4 && tiles[2]) return 4;
    return wanted >= 2 && tiles[1] ? 2 : 1;
  }
};

std::span<const WinogradKernel> winograd_kernels();

}  // namespace tenon::cpu
