// Products by tiles of matrices, in the form in which AMX multiplies them. What is here holds for all types
// of elements: 16 rows of the left side at a time meet blocks of 16 output channels,
//
//   sum[row, o] = bias[o] + sum over steps s, elements k of left[row, s, k] * weights[o, s, k]
//
// and a step takes 64 bytes of each row, which lie together. matrix_s8 and matrix_bf16 say what the elements
// are and what becomes of the sums. Drivers around them lay the left side out (arrangement.hpp, products.hpp)
// and cut the work (conv_walk.hpp, products.hpp). Elements that stand for nothing may be anything if weights
// of zero make nothing of them, but must be readable.
//
// Weights are packed once for all ISA levels: [block of 16 o][step][16][16 o][4 bytes].
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

inline constexpr int kMatrixRows = 16;
inline constexpr int kMatrixDepth = 64;  // bytes of a row in a step
inline constexpr int kMatrixGroup = 4;   // of them that are multiplied at once
inline constexpr int kMatrixStepWeights = kMatrixDepth * kChannelBlock;  // bytes
inline constexpr int kMatrixTileSums = kMatrixRows * kChannelBlock;
// Tiles and blocks that are multiplied at once, at most.
inline constexpr int kMatrixPair = 2;

// Where step `s` reads: row r of a tile at src + (position + r) * row + offsets[s].
struct MatrixPass {
  const std::byte* src;
  std::ptrdiff_t row;
  const std::ptrdiff_t* offsets;
  int steps;
};

// Neighbouring rows of a tile that are neighbours in the result; other rows are not stored.
struct MatrixRun {
  std::ptrdiff_t dst;  // the first row's place, in elements
  std::int16_t row;
  std::int16_t rows;
};

struct MatrixTile {
  std::ptrdiff_t position;
  std::int32_t first_run;
  std::int32_t runs;
};

// Where four neighbouring rows of a tile go if those of a block lie one after the other: the rows whose lanes
// (four each) are set in lanes[i] at at[i], counted as if all four lay there.
struct MatrixQuad {
  std::ptrdiff_t at[2];  // from which runs count, too
  std::uint16_t lanes[2];

  static constexpr std::uint16_t kWhole = 0xffff;
  bool whole() const { return lanes[0] == kWhole; }  // all rows at at[0]
};
inline constexpr int kMatrixQuadRows = 4;
inline constexpr int kMatrixTileQuads = kMatrixRows / kMatrixQuadRows;

// Stretches of memory, `step` apart.
struct MatrixAhead {
  const std::byte* first;
  std::ptrdiff_t step;
  std::ptrdiff_t bytes;  // of each
  int count;
};

struct MatrixWork {
  MatrixPass passes[2];  // one after the other; of the second there may be no steps
  const MatrixTile* tiles;
  int tile_count;
  const MatrixRun* runs;
  const MatrixQuad* quads;  // those of all tiles, or nullptr if runs are too short or rows lie apart
  MatrixAhead ahead;        // what will be read next, for the second-level cache

  const std::byte* weights;
  std::ptrdiff_t weights_block;  // bytes from block to block
  int blocks;
  bool blocks_inner;  // all blocks for a tile before the next tile

  void* dst;                 // the first element of the whole result, as of a residual
  std::ptrdiff_t dst_first;  // element of the first block, from which runs count
  std::ptrdiff_t dst_row;
  std::ptrdiff_t dst_block;
  int last_lanes;  // of the last block, how many are stored

  int steps() const { return passes[0].steps + passes[1].steps; }
};

}  // namespace tenon::cpu
