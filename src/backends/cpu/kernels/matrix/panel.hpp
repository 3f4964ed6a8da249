// The panel of matrix.hpp: a MatrixWork's products, over a way to multiply tiles and a way to store sums. An
// ISA file defines, or takes from amx.hpp,
//
//   struct Unit {
//     static void begin();       before the first product of a thread's panel, and
//     static void end();         after the last
//     // Tiles tiles times Blocks blocks, 1 or 2 each, of work.weights from `block` on; between() after each
//     // step. What comes out stays in the unit. Leaving, for two of both, first stores the sums that were
//     // there, as many, to `leaving` as store() would.
//     template <int Tiles, int Blocks, bool Leaving, class Work, class Sum, class Between>
//     static void multiply(const Work&, const MatrixTile*, int block, Sum* sums, Sum* leaving, Between
//     between);
//     // What is in the unit as sums[block][tile][16 rows][16 o], unless multiply, which is given the same
//     // place, wrote it.
//     template <int Tiles, int Blocks, class Sum>
//     static void store(Sum* sums);
//   };
//   struct Store {
//     using Work = …;            derived from MatrixWork
//     using Sum = …;
//     explicit Store(const Work&);
//     // Stores the first `lanes` sums of each of `rows` rows of a block, from element `at` of dst on.
//     void rows(const Sum* sums, int block, std::ptrdiff_t at, int rows, int lanes);
//   };
//
// and calls MatrixPanel<Unit, Store>(work).run(), or, with another Store, where work has quads,
//
//   struct Store {
//     using Work, Sum = …;
//     explicit Store(const Work&);
//     // Stores `count` times 4 rows of whole sums of a block, whose places count from element `at` of dst.
//     void quads(const Sum* sums, int block, std::ptrdiff_t at, const MatrixQuad*, int count);
//   };
//
// MatrixPanel<Unit, Store, MatrixQuads<Store>>(work).run(). While a product is formed, the sums of an
// earlier one are turned into results, a part of them between any two steps, so that both kinds of
// instructions are in flight. Sums leave the unit when the next product begins, and are turned into results
// with the one after: whoever reads them earlier waits until they are in the cache, and what follows with
// him.
#pragma once

#include "backends/cpu/kernels/matrix/matrix.hpp"
#include "backends/cpu/kernels/unroll.hpp"

#include <algorithm>

namespace tenon::cpu {
namespace {

// Sums that wait to be stored.
template <class Store>
class MatrixResults {
 public:
  using Work = typename Store::Work;
  using Sum = typename Store::Sum;

  MatrixResults(const Work& work, int steps) : work_(work), steps_(steps), store_(work) {}

  void start(const Sum* sums, int tile, int tiles, int block, int blocks) {
    sums_ = sums;
    first_ = work_.tiles + tile;
    end_ = first_ + tiles;
    block_ = block;
    begin_tile(first_);
    run_rows_ = 0;
    left_ = 0;
    for (const MatrixTile* t = first_; t != end_; ++t) {
      for (int r = 0; r < t->runs; ++r) left_ += work_.runs[t->first_run + r].rows;
    }
    left_ *= blocks;
  }

  int left() const { return left_; }

  // How many rows to store with each step of the next product.
  int each() const { return static_cast<int>(round_up(ceil_div(left_, steps_), kMatrixQuadRows)); }

  // The next rows, so many or all that are left.
  inline __attribute__((always_inline)) void store(int rows) {
    if (rows > left_) rows = left_;
    left_ -= rows;
    while (rows > 0) {
      if (run_rows_ == 0) next_run();
      const int count = rows < run_rows_ ? rows : run_rows_;
      store_.rows(from_, block_, at_, count, lanes_);
      from_ += count * kChannelBlock;
      at_ += count * work_.dst_row;
      run_rows_ -= count;
      rows -= count;
    }
  }

 private:
  __attribute__((noinline)) void next_run() {
    while (runs_left_ == 0) {
      sums_ += kMatrixTileSums;
      if (tile_ + 1 != end_) {
        begin_tile(tile_ + 1);
      } else {
        begin_tile(first_);
        ++block_;
      }
    }
    from_ = sums_ + run_->row * kChannelBlock;
    at_ = work_.dst_first + run_->dst + block_ * work_.dst_block;
    run_rows_ = run_->rows;
    lanes_ = block_ == work_.blocks - 1 ? work_.last_lanes : kChannelBlock;
    ++run_;
    --runs_left_;
  }

  void begin_tile(const MatrixTile* tile) {
    tile_ = tile;
    run_ = work_.runs + tile->first_run;
    runs_left_ = tile->runs;
  }

  const Work& work_;
  int steps_;
  Store store_;
  const Sum* sums_ = nullptr;  // of tile_ in block_
  const MatrixTile *first_ = nullptr, *tile_ = nullptr, *end_ = nullptr;
  int block_ = 0;
  const MatrixRun* run_ = nullptr;  // the next of tile_
  int runs_left_ = 0;
  const Sum* from_ = nullptr;  // the next row of the run begun
  std::ptrdiff_t at_ = 0;
  int run_rows_ = 0;  // left of that run
  int lanes_ = 0;
  int left_ = 0;  // rows, in all blocks
};

// The same by quads, of which it counts.
template <class Store>
class MatrixQuads {
 public:
  using Work = typename Store::Work;
  using Sum = typename Store::Sum;

  MatrixQuads(const Work& work, int steps)
      : work_(work), each_(static_cast<int>(ceil_div(kMost, steps))), store_(work) {}

  void start(const Sum* sums, int tile, int tiles, int block, int blocks) {
    sums_ = sums;
    first_ = quad_ = work_.quads + static_cast<std::ptrdiff_t>(tile) * kMatrixTileQuads;
    of_block_ = of_this_block_ = tiles * kMatrixTileQuads;
    block_ = block;
    at_ = work_.dst_first + block * work_.dst_block;
    left_ = of_block_ * blocks;
  }

  int left() const { return left_; }
  int each() const { return each_; }

  inline __attribute__((always_inline)) void store(int quads) {
    quads = std::min(quads, left_);
    left_ -= quads;
    while (quads > 0) {
      const int count = std::min(quads, of_this_block_);
      store_.quads(sums_, block_, at_, quad_, count);
      quads -= count;
      sums_ += count * kMatrixQuadRows * kChannelBlock;
      quad_ += count;
      of_this_block_ -= count;
      if (of_this_block_ > 0) continue;
      of_this_block_ = of_block_;
      quad_ = first_;
      ++block_;
      at_ += work_.dst_block;
    }
  }

 private:
  static constexpr int kMost = kMatrixPair * kMatrixPair * kMatrixTileQuads;

  const Work& work_;
  int each_;
  Store store_;
  const Sum* sums_ = nullptr;  // of quad_ in block_
  const MatrixQuad *first_ = nullptr, *quad_ = nullptr;
  int of_block_ = 0, of_this_block_ = 0;  // quads: of a block, and of block_ that are left
  int block_ = 0;
  std::ptrdiff_t at_ = 0;
  int left_ = 0;
};

template <class Unit, class Store, class Results = MatrixResults<Store>>
class MatrixPanel {
 public:
  using Work = typename Store::Work;
  using Sum = typename Store::Sum;

  explicit MatrixPanel(const Work& work) : work_(work), steps_(work.steps()), results_(work, steps_) {}

  void run() {
    start_ahead();
    Unit::begin();
    if (work_.blocks_inner) {
      for (int tile = 0; tile < work_.tile_count; tile += kMatrixPair) {
        for (int block = 0; block < work_.blocks; block += kMatrixPair) {
          fetch_ahead(block, tile == 0 ? 1 : 0);
          product(tile, block);
        }
      }
    } else {
      const int products = static_cast<int>(ceil_div(work_.tile_count, kMatrixPair));
      for (int block = 0; block < work_.blocks; block += kMatrixPair) {
        fetch_ahead(block, products);
        for (int tile = 0; tile < work_.tile_count; tile += kMatrixPair) product(tile, block);
      }
    }
    take_waiting();
    results_.store(results_.left());
    Unit::end();
  }

 private:
  static constexpr std::ptrdiff_t kCacheLine = 64;

  struct Product {
    Sum* sums;
    int tile;
    int tiles;
    int block;
    int blocks;
  };

  // Has the weights of the next two blocks brought into the second-level cache while `products` of these are
  // formed.
  void fetch_ahead(int block, int products) {
    ahead_end_ = ahead_;
    const int next = std::min(kMatrixPair, work_.blocks - block - kMatrixPair);
    if (next <= 0 || products == 0) return;
    ahead_ = work_.weights + (block + kMatrixPair) * work_.weights_block;
    ahead_end_ = ahead_ + next * work_.weights_block;
    lines_ = ceil_div(ahead_end_ - ahead_, kCacheLine * products * steps_);
  }

  // Spreads what the next work reads over all steps of this one.
  void start_ahead() {
    const MatrixAhead& a = work_.ahead;
    const std::ptrdiff_t lines = a.count * ceil_div(a.bytes, kCacheLine);
    const std::ptrdiff_t steps =
        ceil_div(work_.tile_count, kMatrixPair) * ceil_div(work_.blocks, kMatrixPair) * steps_;
    source_lines_ = steps > 0 ? ceil_div(lines, steps) : 0;
    stretches_ = a.count;
    source_ = a.first;
  }

  inline __attribute__((always_inline)) void fetch() {
    if (ahead_ < ahead_end_) fetch_weights();
    if (source_lines_ > 0 && stretches_ > 0) fetch_source();
  }

  __attribute__((noinline)) void fetch_weights() {
    for (std::ptrdiff_t i = 0; i < lines_ && ahead_ < ahead_end_; ++i, ahead_ += kCacheLine)
      __builtin_prefetch(ahead_, 0, 2);
  }

  __attribute__((noinline)) void fetch_source() {
    const MatrixAhead& a = work_.ahead;
    for (std::ptrdiff_t i = 0; i < source_lines_ && stretches_ > 0; ++i) {
      __builtin_prefetch(source_, 0, 2);
      source_ += kCacheLine;
      if (source_ < a.first + a.bytes + (a.count - stretches_) * a.step) continue;
      --stretches_;
      source_ = a.first + (a.count - stretches_) * a.step;
    }
  }

  void product(int tile, int block) {
    const bool pair_of_tiles = tile + 1 < work_.tile_count, pair_of_blocks = block + 1 < work_.blocks;
    if (pair_of_tiles && pair_of_blocks) return product<2, 2>(tile, block);
    if (pair_of_tiles) return product<2, 1>(tile, block);
    if (pair_of_blocks) return product<1, 2>(tile, block);
    product<1, 1>(tile, block);
  }

  template <int Tiles, int Blocks>
  void product(int tile, int block) {
    constexpr bool kWhole = Tiles == kMatrixPair && Blocks == kMatrixPair;
    Sum* sums = next_sums();
    if (kWhole && waiting_.tiles == Tiles && waiting_.blocks == Blocks) {
      multiply<Tiles, Blocks, kWhole>(tile, block, sums, waiting_.sums);
      start_waiting();
    } else {
      take_waiting();
      multiply<Tiles, Blocks>(tile, block, sums);
    }
    waiting_ = {sums, tile, Tiles, block, Blocks};
  }

  // Leaving: where the unit stores the sums before these, which are as many.
  template <int Tiles, int Blocks, bool Leaving = false>
  void multiply(int tile, int block, Sum* sums, Sum* leaving = nullptr) {
    const int each = results_.each();
    Unit::template multiply<Tiles, Blocks, Leaving>(work_, work_.tiles + tile, block, sums, leaving,
                                                    [&]() TENON_INLINE_LAMBDA {
                                                      fetch();
                                                      results_.store(each);
                                                    });
  }

  // Stores the product that is still in the unit.
  void take_waiting() {
    if (waiting_.tiles == 0) return;
    if (waiting_.tiles == kMatrixPair) {
      store_waiting<kMatrixPair>();
    } else {
      store_waiting<1>();
    }
    start_waiting();
  }

  template <int Tiles>
  void store_waiting() {
    if (waiting_.blocks == kMatrixPair) return Unit::template store<Tiles, kMatrixPair>(waiting_.sums);
    Unit::template store<Tiles, 1>(waiting_.sums);
  }

  // The sums that left the unit become results next.
  void start_waiting() {
    results_.store(results_.left());
    results_.start(waiting_.sums, waiting_.tile, waiting_.tiles, waiting_.block, waiting_.blocks);
    waiting_ = {};
  }

  // A place for sums, while some are in the unit and some are being turned into results.
  Sum* next_sums() {
    turn_ = turn_ == kPlaces - 1 ? 0 : turn_ + 1;
    return sums_ + turn_ * kMatrixPair * kMatrixPair * kMatrixTileSums;
  }

  static constexpr int kPlaces = 3;

  const Work& work_;
  int steps_;
  int turn_ = 0;
  Product waiting_{};  // in the unit
  const std::byte* ahead_ = nullptr;
  const std::byte* ahead_end_ = nullptr;
  std::ptrdiff_t lines_ = 0;  // to fetch with each step
  const std::byte* source_ = nullptr;
  std::ptrdiff_t source_lines_ = 0;  // likewise
  int stretches_ = 0;                // of work_.ahead that are left
  Results results_;
  alignas(64) Sum sums_[kPlaces * kMatrixPair * kMatrixPair * kMatrixTileSums];
};

template <class Unit, class Store>
void run_matrix_quads(const typename Store::Work& work) {
  MatrixPanel<Unit, Store, MatrixQuads<Store>>(work).run();
}

// The same with a Store that two properties of the work specialize.
template <class Unit, template <bool, bool> class Store, class Work>
void run_matrix_quads(const Work& work, bool first, bool second) {
  if (first && second) return run_matrix_quads<Unit, Store<true, true>>(work);
  if (first) return run_matrix_quads<Unit, Store<true, false>>(work);
  if (second) return run_matrix_quads<Unit, Store<false, true>>(work);
  run_matrix_quads<Unit, Store<false, false>>(work);
}

}  // namespace
}  // namespace tenon::cpu
