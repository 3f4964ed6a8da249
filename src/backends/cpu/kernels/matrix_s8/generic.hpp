// The panel of matrix_s8.hpp over a way to multiply tiles. An ISA file defines
//
//   struct Unit {
//     static void begin();       before the first product of a thread's panel, and
//     static void end();         after the last
//     // sums[n][m][16 rows][16 o] of Tiles tiles and Blocks blocks, 1 or 2 each; between() after each step.
//     template <int Tiles, int Blocks, class Between>
//     static void multiply(const MatrixWork&, const MatrixTile*, const std::int8_t* weights,
//                          const std::int32_t* bias, std::int32_t* sums, Between between);
//   };
//
// and calls MatrixPanel<Unit>(work).run(). While a product is formed, the sums of the one before are turned
// into results, a part of them between any two steps, so that both kinds of instructions are in flight.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

#include <cstring>

namespace tenon::cpu {
namespace {

inline constexpr int kMatrixTileSums = kMatrixRows * kChannelBlock;

// Sums that wait to be stored.
class MatrixResults {
 public:
  explicit MatrixResults(const MatrixWork& work)
      : work_(work), codes_(codes_of(*work.requantize)), part_(*work.requantize) {
    part_.residual = work.requantize->residual ? from_ : nullptr;
  }

  void start(const std::int32_t* sums, int tile, int tiles, int block, int blocks) {
    sums_ = sums;
    first_ = tile_ = work_.tiles + tile;
    end_ = first_ + tiles;
    block_ = block;
    block_end_ = block + blocks;
    run_ = 0;
    left_ = 0;
    for (const MatrixTile* t = first_; t != end_; ++t) left_ += t->runs;
    left_ *= blocks;
  }

  int left() const { return left_; }

  inline __attribute__((always_inline)) void store(int runs) {
    if (runs > left_) runs = left_;
    left_ -= runs;
    for (; runs > 0; --runs) {
      while (run_ == tile_->runs) next_tile();
      store_run(work_.runs[tile_->first_run + run_++]);
    }
  }

 private:
  void next_tile() {
    run_ = 0;
    sums_ += kMatrixTileSums;
    if (++tile_ != end_) return;
    tile_ = first_;
    ++block_;
  }

  inline __attribute__((always_inline)) void store_run(const MatrixRun& run) {
    const std::int32_t* sums = sums_ + run.row * kChannelBlock;
    const float* multiplier = work_.multiplier + block_ * kChannelBlock;
    const std::ptrdiff_t at = work_.dst_first + run.dst + block_ * work_.dst_block;
    const bool whole = block_ != work_.blocks - 1 || work_.last_lanes == kChannelBlock;
    if (work_.dst_row == kChannelBlock && whole)
      return requantize_block(*work_.requantize, codes_, sums, multiplier, work_.dst, at, run.rows);
    store_scattered(sums, multiplier, at, run.rows, whole ? kChannelBlock : work_.last_lanes);
  }

  // By way of blocks of its own: rows are apart, and neither residual nor result extend beyond `lanes`.
  void store_scattered(const std::int32_t* sums, const float* multiplier, std::ptrdiff_t at, int rows,
                       int lanes) {
    const auto bytes = static_cast<std::size_t>(lanes);
    if (part_.residual) {
      const auto* residual = static_cast<const std::uint8_t*>(work_.requantize->residual);
      for (int r = 0; r < rows; ++r)
        std::memcpy(from_ + r * kChannelBlock, residual + at + r * work_.dst_row, bytes);
    }
    requantize_block(part_, codes_, sums, multiplier, to_, 0, rows);
    const std::ptrdiff_t element = part_.bytes ? 1 : sizeof(float);
    for (int r = 0; r < rows; ++r) {
      std::memcpy(static_cast<std::uint8_t*>(work_.dst) + (at + r * work_.dst_row) * element,
                  to_ + r * kChannelBlock * element, bytes * static_cast<std::size_t>(element));
    }
  }

  const MatrixWork& work_;
  simd::Codes codes_;
  Requantize part_;  // of the blocks below
  std::uint8_t from_[kMatrixRunRows * kChannelBlock] = {};
  alignas(64) std::uint8_t to_[kMatrixRunRows * kChannelBlock * sizeof(float)];
  const std::int32_t* sums_ = nullptr;  // of tile_ in block_
  const MatrixTile *first_ = nullptr, *tile_ = nullptr, *end_ = nullptr;
  int block_ = 0;
  int block_end_ = 0;
  int run_ = 0;
  int left_ = 0;
};

template <class Unit>
class MatrixPanel {
 public:
  explicit MatrixPanel(const MatrixWork& work)
      : work_(work), steps_(work.passes[0].steps + work.passes[1].steps), results_(work) {}

  void run() {
    Unit::begin();
    if (work_.blocks_inner) {
      for (int tile = 0; tile < work_.tile_count; tile += 2) {
        for (int block = 0; block < work_.blocks; block += 2) product(tile, block);
      }
    } else {
      for (int block = 0; block < work_.blocks; block += 2) {
        for (int tile = 0; tile < work_.tile_count; tile += 2) product(tile, block);
      }
    }
    results_.store(results_.left());
    Unit::end();
  }

 private:
  void product(int tile, int block) {
    const bool pair_of_tiles = tile + 1 < work_.tile_count, pair_of_blocks = block + 1 < work_.blocks;
    if (pair_of_tiles && pair_of_blocks) return product_of<2, 2>(tile, block);
    if (pair_of_tiles) return product_of<2, 1>(tile, block);
    if (pair_of_blocks) return product_of<1, 2>(tile, block);
    product_of<1, 1>(tile, block);
  }

  template <int Tiles, int Blocks>
  void product_of(int tile, int block) {
    std::int32_t* sums = sums_[turn_];
    turn_ = 1 - turn_;
    const int each = static_cast<int>(ceil_div(results_.left(), steps_));
    Unit::template multiply<Tiles, Blocks>(
        work_, work_.tiles + tile, work_.weights + block * work_.weights_block,
        work_.bias + block * kChannelBlock, sums, [&]() TENON_INLINE_LAMBDA { results_.store(each); });
    results_.start(sums, tile, Tiles, block, Blocks);
  }

  const MatrixWork& work_;
  int steps_;
  int turn_ = 0;
  MatrixResults results_;
  alignas(64) std::int32_t sums_[2][4 * kMatrixTileSums];
};

}  // namespace
}  // namespace tenon::cpu
