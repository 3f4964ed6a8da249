// The machine-specific code of integer convolutions and products on processors that multiply tiles of
// matrices (AMX). It takes 16 rows of the left side at a time against blocks of 16 output channels,
//
//   sum[row, o] = bias[o] + sum over steps s, k < 64 of u[row, s, k] * w[o, s, k]
//
// with u unsigned bytes and w signed ones, exact modulo 2^32; then requantize.hpp. conv.hpp and gemm.hpp are
// drivers around it: they lay the left side out so that the 64 bytes that a row takes part in a step with lie
// together. Bytes that stand for nothing may be anything, since their weights are zero, but must be readable.
//
// Weights are packed once for all ISA levels: [block of 16 o][step][16][16 o][4 k].
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "backends/cpu/kernels/kernel.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon::cpu {

inline constexpr int kMatrixRows = 16;
inline constexpr int kMatrixDepth = 64;  // bytes of a row in a step
inline constexpr int kMatrixGroup = 4;   // of them that are multiplied at once
inline constexpr int kMatrixStepWeights = kMatrixDepth * kChannelBlock;

// Where step `s` reads: row r of a tile at src + (position + r) * row + offsets[s].
struct MatrixPass {
  const std::uint8_t* src;
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

struct MatrixWork {
  MatrixPass passes[2];  // one after the other; of the second there may be no steps
  const MatrixTile* tiles;
  int tile_count;
  const MatrixRun* runs;

  const std::int8_t* weights;
  std::ptrdiff_t weights_block;  // bytes from block to block
  const std::int32_t* bias;      // 16 * blocks
  int blocks;
  bool blocks_inner;  // all blocks for a tile before the next tile

  const Requantize* requantize;  // its multipliers are those below
  const float* multiplier;       // 16 * blocks
  void* dst;                     // the first element of the whole result, as of the residual
  std::ptrdiff_t dst_first;      // element of the first block, from which runs count
  std::ptrdiff_t dst_row;
  std::ptrdiff_t dst_block;
  int last_lanes;  // of the last block, how many are stored
};

struct MatrixS8Kernel {
  KernelInfo info;
  void (*panel)(const MatrixWork& work) noexcept;
};

std::span<const MatrixS8Kernel> matrix_s8_kernels();
const MatrixS8Kernel* select_matrix_s8(Isa level);

}  // namespace tenon::cpu
