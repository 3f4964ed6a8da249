// The panel of matrix_s8.hpp over a way to multiply tiles. An ISA file defines
//
//   struct Unit {
//     static void begin();       before the first product of a thread's panel, and
//     static void end();         after the last
//     // Tiles tiles times Blocks blocks, 1 or 2 each; between() after each step. What comes out is the
//     unit's
//     // set of sums Set, 0 or 1; two tiles take up both sets.
//     template <int Tiles, int Blocks, int Set, class Between>
//     static void multiply(const MatrixWork&, const MatrixTile*, const std::int8_t* weights,
//                          const std::int32_t* bias, std::int32_t* sums, Between between);
//     // The set as sums[block][tile][16 rows][16 o], unless multiply, which is given the same place, wrote
//     it. template <int Tiles, int Blocks, int Set> static void store(std::int32_t* sums);
//   };
//
// and calls MatrixPanel<Unit>(work).run(). While a product is formed, the sums of an earlier one are turned
// into results, a part of them between any two steps, so that both kinds of instructions are in flight. Sums
// of few steps take longer to leave the unit than to form: those products alternate between the sets, and
// each is stored when the next is under way.
#pragma once

#include "backends/cpu/kernels/bytes/requantize_generic.hpp"
#include "backends/cpu/kernels/matrix_s8/matrix_s8.hpp"

#include <algorithm>
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
  std::uint8_t from_[kMatrixRows * kChannelBlock] = {};
  alignas(64) std::uint8_t to_[kMatrixRows * kChannelBlock * sizeof(float)];
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
      : work_(work),
        steps_(work.passes[0].steps + work.passes[1].steps),
        tiles_(steps_ > kShallowSteps ? 2 : 1),
        results_(work) {}

  void run() {
    Unit::begin();
    if (work_.blocks_inner) {
      for (int tile = 0; tile < work_.tile_count; tile += tiles_) {
        for (int block = 0; block < work_.blocks; block += 2) {
          fetch_ahead(block, tile == 0 ? 1 : 0);
          product(tile, block);
        }
      }
    } else {
      const int products = static_cast<int>(ceil_div(work_.tile_count, tiles_));
      for (int block = 0; block < work_.blocks; block += 2) {
        fetch_ahead(block, products);
        for (int tile = 0; tile < work_.tile_count; tile += tiles_) product(tile, block);
      }
    }
    take_waiting();
    results_.store(results_.left());
    Unit::end();
  }

 private:
  // With more steps, two tiles at once read weights half as often.
  static constexpr int kShallowSteps = 8;
  static constexpr std::ptrdiff_t kCacheLine = 64;

  struct Product {
    std::int32_t* sums;
    int set;
    int tile;
    int block;
    int blocks;
  };

  // Has the weights of the next two blocks brought into the second-level cache while `products` of these are
  // formed.
  void fetch_ahead(int block, int products) {
    lines_ = 0;
    const int next = std::min(2, work_.blocks - block - 2);
    if (next <= 0 || products == 0) return;
    ahead_ = work_.weights + (block + 2) * work_.weights_block;
    ahead_end_ = ahead_ + next * work_.weights_block;
    lines_ = ceil_div(ahead_end_ - ahead_, kCacheLine * products * steps_);
  }

  void product(int tile, int block) {
    const bool pair_of_blocks = block + 1 < work_.blocks;
    if (tiles_ == 2) {
      const bool pair_of_tiles = tile + 1 < work_.tile_count;
      if (pair_of_tiles && pair_of_blocks) return deep<2, 2>(tile, block);
      if (pair_of_tiles) return deep<2, 1>(tile, block);
      if (pair_of_blocks) return deep<1, 2>(tile, block);
      return deep<1, 1>(tile, block);
    }
    if (pair_of_blocks) return shallow<2>(tile, block);
    shallow<1>(tile, block);
  }

  template <int Tiles, int Blocks, int Set>
  void multiply(int tile, int block, std::int32_t* sums) {
    const int each = static_cast<int>(ceil_div(results_.left(), steps_));
    Unit::template multiply<Tiles, Blocks, Set>(
        work_, work_.tiles + tile, work_.weights + block * work_.weights_block,
        work_.bias + block * kChannelBlock, sums, [&]() TENON_INLINE_LAMBDA {
          fetch();
          results_.store(each);
        });
  }

  inline __attribute__((always_inline)) void fetch() {
    for (std::ptrdiff_t i = 0; i < lines_ && ahead_ < ahead_end_; ++i, ahead_ += kCacheLine)
      __builtin_prefetch(ahead_, 0, 2);
  }

  template <int Tiles, int Blocks>
  void deep(int tile, int block) {
    std::int32_t* sums = next_sums();
    multiply<Tiles, Blocks, 0>(tile, block, sums);
    Unit::template store<Tiles, Blocks, 0>(sums);
    results_.start(sums, tile, Tiles, block, Blocks);
  }

  template <int Blocks>
  void shallow(int tile, int block) {
    std::int32_t* sums = next_sums();
    const int set = set_;
    if (set == 0) {
      multiply<1, Blocks, 0>(tile, block, sums);
    } else {
      multiply<1, Blocks, 1>(tile, block, sums);
    }
    take_waiting();
    waiting_ = {sums, set, tile, block, Blocks};
    set_ = 1 - set;
  }

  // Stores the product that is still in the unit; its results come next.
  void take_waiting() {
    if (waiting_.sums == nullptr) return;
    results_.store(results_.left());
    if (waiting_.set == 0) {
      store_set<0>();
    } else {
      store_set<1>();
    }
    results_.start(waiting_.sums, waiting_.tile, 1, waiting_.block, waiting_.blocks);
    waiting_ = {};
  }

  template <int Set>
  void store_set() {
    if (waiting_.blocks == 2) return Unit::template store<1, 2, Set>(waiting_.sums);
    Unit::template store<1, 1, Set>(waiting_.sums);
  }

  // A place for sums: one is waited for, one is being turned into results.
  std::int32_t* next_sums() {
    turn_ = turn_ == kPlaces - 1 ? 0 : turn_ + 1;
    return sums_[turn_];
  }

  static constexpr int kPlaces = 3;

  const MatrixWork& work_;
  int steps_;
  int tiles_;  // at once
  int turn_ = 0;
  int set_ = 0;
  Product waiting_{};
  const std::int8_t* ahead_ = nullptr;
  const std::int8_t* ahead_end_ = nullptr;
  std::ptrdiff_t lines_ = 0;  // to fetch with each step
  MatrixResults results_;
  alignas(64) std::int32_t sums_[kPlaces][4 * kMatrixTileSums];
};

}  // namespace
}  // namespace tenon::cpu
