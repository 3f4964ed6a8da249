// The unit of panel.hpp on the tiles of AMX, over
//
//   struct Dot {
//     template <int Sum>
//     static void add();      tile Sum += tile 4, or 5 for sums 2 and 3, times tile 6, or 7 for odd sums
//   };
//
// Tiles 0 and 1: sums of the first tile of rows, 2 and 3 of the second; 4 and 5: rows of the left side; 6 and
// 7: weights.
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

  template <int Tiles, int Blocks, bool Leaving, class Work, class Sum, class Between>
  static inline __attribute__((always_inline)) void multiply(const Work& work, const MatrixTile* tiles,
                                                             int block, Sum*, Sum* leaving, Between between) {
    constexpr std::ptrdiff_t kWeightsRow = kMatrixGroup * kChannelBlock;
    static_assert(sizeof(Sum) == 4);
    static_assert(!Leaving || (Tiles == 2 && Blocks == 2));
    const Sum* bias = work.bias ? work.bias + block * kChannelBlock : nullptr;
    if constexpr (!Leaving) {
      begin_sum<0>(bias);
      if constexpr (Blocks == 2) begin_sum<1>(bias);
      if constexpr (Tiles == 2) begin_sum<2>(bias);
      if constexpr (Tiles == 2 && Blocks == 2) begin_sum<3>(bias);
    }
    // A store waits for its sum, and what follows for the store: each comes right before its tile is needed.
    [[maybe_unused]] bool leave = Leaving;
    const auto renew = [&]<int Tile>(Index<Tile>) TENON_INLINE_LAMBDA {
      if constexpr (Leaving) {
        if (!leave) return;
        store_sum<Tile>(leaving + (Tile % 2 * 2 + Tile / 2) * kMatrixTileSums);
        begin_sum<Tile>(bias);
      }
    };
    const std::byte* weights = work.weights + block * work.weights_block;
    for (const MatrixPass& pass : work.passes) {
      const std::byte* first = pass.src + tiles[0].position * pass.row;
      const std::byte* second = pass.src + tiles[Tiles - 1].position * pass.row;
      const auto load = [&]<int Tile>(Index<Tile>, int step) TENON_INLINE_LAMBDA {
        if (step >= pass.steps) return;
        if constexpr (Tile == 4) _tile_loadd(4, first + pass.offsets[step], pass.row);
        if constexpr (Tile == 5 && Tiles == 2) _tile_loadd(5, second + pass.offsets[step], pass.row);
        if constexpr (Tile == 6) _tile_loadd(6, weights, kWeightsRow);
        if constexpr (Tile == 7 && Blocks == 2) _tile_loadd(7, weights + work.weights_block, kWeightsRow);
      };
      // In long products a tile is loaded for the next step as soon as it has been multiplied, before the
      // sums that become results meanwhile; in short ones these are too many to go ahead of.
      const bool early = pass.steps > kFewSteps;
      for (int s = 0; s < pass.steps; ++s) {
        if (!early || s == 0) {
          load(Index<6>{}, s);
          load(Index<7>{}, s);
          load(Index<4>{}, s);
          load(Index<5>{}, s);
        }
        const int next = early ? s + 1 : pass.steps;
        weights += kMatrixStepWeights;
        renew(Index<0>{});
        Dot::template add<0>();
        renew(Index<1>{});
        if constexpr (Blocks == 2) Dot::template add<1>();
        load(Index<4>{}, next);
        renew(Index<2>{});
        if constexpr (Tiles == 2) Dot::template add<2>();
        load(Index<6>{}, next);
        renew(Index<3>{});
        if constexpr (Tiles == 2 && Blocks == 2) Dot::template add<3>();
        load(Index<7>{}, next);
        load(Index<5>{}, next);
        between();
        leave = false;
      }
    }
  }

  template <int Tiles, int Blocks, class Sum>
  static inline __attribute__((always_inline)) void store(Sum* sums) {
    [[maybe_unused]] Sum* second = sums + (Tiles - 1) * kMatrixTileSums;
    store_sum<0>(sums);
    if constexpr (Tiles == 2) store_sum<2>(second);
    if constexpr (Blocks == 2) store_sum<1>(sums + Tiles * kMatrixTileSums);
    if constexpr (Tiles == 2 && Blocks == 2) store_sum<3>(second + Tiles * kMatrixTileSums);
  }

 private:
  static constexpr int kFewSteps = 4;

  // Each row of a sum begins as the bias of its block.
  template <int Tile, class Sum>
  static inline __attribute__((always_inline)) void begin_sum(const Sum* bias) {
    if (bias) {
      if constexpr (Tile == 0) _tile_loadd(0, bias, 0);
      if constexpr (Tile == 1) _tile_loadd(1, bias + kChannelBlock, 0);
      if constexpr (Tile == 2) _tile_loadd(2, bias, 0);
      if constexpr (Tile == 3) _tile_loadd(3, bias + kChannelBlock, 0);
    } else {
      if constexpr (Tile == 0) _tile_zero(0);
      if constexpr (Tile == 1) _tile_zero(1);
      if constexpr (Tile == 2) _tile_zero(2);
      if constexpr (Tile == 3) _tile_zero(3);
    }
  }

  template <int Tile, class Sum>
  static inline __attribute__((always_inline)) void store_sum(Sum* to) {
    constexpr std::ptrdiff_t kSumsRow = kChannelBlock * sizeof(Sum);
    if constexpr (Tile == 0) _tile_stored(0, to, kSumsRow);
    if constexpr (Tile == 1) _tile_stored(1, to, kSumsRow);
    if constexpr (Tile == 2) _tile_stored(2, to, kSumsRow);
    if constexpr (Tile == 3) _tile_stored(3, to, kSumsRow);
  }
};

}  // namespace
}  // namespace tenon::cpu
