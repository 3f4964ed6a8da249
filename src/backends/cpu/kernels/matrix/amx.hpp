// The unit of panel.hpp on the tiles of AMX, over
//
//   struct Dot {
//     template <int Sum>
//     static void add();      tile Sum += tile 4, or 5 for sums 2 and 3, times tile 6, or 7 for odd sums
//   };
//
// Tiles 0 and 1: sums of the first set, 2 and 3 of the second, or of the second tile; 4 and 5: rows of the
// left side; 6 and 7: weights.
#pragma once

#include "backends/cpu/kernels/matrix/panel.hpp"
#include "backends/cpu/kernels/simd/avx512_bf16.hpp"

namespace tenon::cpu {
namespace {

// What ldtilecfg reads.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);

// All eight tiles have 16 rows of 64 bytes. A constant: the instruction reads more than GCC knows of.
constexpr TileConfig kWholeTiles = [] {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.row_bytes[t] = kMatrixDepth;
    config.rows[t] = kMatrixRows;
  }
  return config;
}();

template <class Dot>
struct MatrixTilesUnit {
  static void begin() { _tile_loadconfig(&kWholeTiles); }
  // Thread switches then have no tiles to save.
  static void end() { _tile_release(); }

  template <int Tiles, int Blocks, int Set, class Work, class Sum, class Between>
  static inline __attribute__((always_inline)) void multiply(const Work& work, const MatrixTile* tiles,
                                                             int block, Sum*, Between between) {
    constexpr std::ptrdiff_t kWeightsRow = kMatrixGroup * kChannelBlock;
    constexpr bool kFirst = Set == 0 || Tiles == 2, kSecond = Set == 1 || Tiles == 2;
    static_assert(sizeof(Sum) == 4);
    // Each row of sums begins as the bias.
    if (const Sum* bias = work.bias) {
      bias += block * kChannelBlock;
      if constexpr (kFirst) _tile_loadd(0, bias, 0);
      if constexpr (kFirst && Blocks == 2) _tile_loadd(1, bias + kChannelBlock, 0);
      if constexpr (kSecond) _tile_loadd(2, bias, 0);
      if constexpr (kSecond && Blocks == 2) _tile_loadd(3, bias + kChannelBlock, 0);
    } else {
      if constexpr (kFirst) _tile_zero(0);
      if constexpr (kFirst && Blocks == 2) _tile_zero(1);
      if constexpr (kSecond) _tile_zero(2);
      if constexpr (kSecond && Blocks == 2) _tile_zero(3);
    }
    const std::byte* weights = work.weights + block * work.weights_block;
    for (const MatrixPass& pass : work.passes) {
      const std::byte* first = pass.src + tiles[0].position * pass.row;
      const std::byte* second = pass.src + tiles[Tiles - 1].position * pass.row;
      for (int s = 0; s < pass.steps; ++s, weights += kMatrixStepWeights) {
        const std::ptrdiff_t offset = pass.offsets[s];
        _tile_loadd(6, weights, kWeightsRow);
        if constexpr (Blocks == 2) _tile_loadd(7, weights + work.weights_block, kWeightsRow);
        if constexpr (kFirst) {
          _tile_loadd(4, first + offset, pass.row);
          Dot::template add<0>();
          if constexpr (Blocks == 2) Dot::template add<1>();
        }
        if constexpr (kSecond) {
          _tile_loadd(5, second + offset, pass.row);
          Dot::template add<2>();
          if constexpr (Blocks == 2) Dot::template add<3>();
        }
        between();
      }
    }
  }

  template <int Tiles, int Blocks, int Set, class Sum>
  static inline __attribute__((always_inline)) void store(Sum* sums) {
    constexpr std::ptrdiff_t kSumsRow = kChannelBlock * sizeof(Sum);
    constexpr bool kFirst = Set == 0 || Tiles == 2, kSecond = Set == 1 || Tiles == 2;
    [[maybe_unused]] Sum* second = sums + (Tiles - 1) * kMatrixTileSums;
    if constexpr (kFirst) _tile_stored(0, sums, kSumsRow);
    if constexpr (kSecond) _tile_stored(2, second, kSumsRow);
    if constexpr (kFirst && Blocks == 2) _tile_stored(1, sums + Tiles * kMatrixTileSums, kSumsRow);
    if constexpr (kSecond && Blocks == 2) _tile_stored(3, second + Tiles * kMatrixTileSums, kSumsRow);
  }
};

}  // namespace
}  // namespace tenon::cpu
