// The driver of products of rows with constant columns over the tiles that convolutions have: units of work
// are a panel of rows and a part of the columns. Written once over a Form:
//
//   struct Form {
//     using Kernel, Args, Tile = …;               Args: m, n, k
//     static constexpr int kGroup;                elements of a row that one step multiplies
//     static constexpr int kWeightBytes;
//     static bool copied(const Kernel&, const Args&);
//     static int element(const Args&);            bytes of an element that is read in place
//     static const std::byte* row(const Args&, std::ptrdiff_t row);
//     static const std::byte* copy_row(const Kernel&, const Args&, std::ptrdiff_t row, int first, int count,
//                                      std::byte* to);        where `count` elements of a row are that tiles
//                                                             can read: in `to`, or where they lie; whole
//                                                             groups, the last padded with anything
//     static void set_operands(const Args&, std::ptrdiff_t block, Tile&);                     as in walk.hpp
//     static const ProductFinish* finish(const Args&);          null: tiles store results where they belong
//   };
#pragma once

#include "backends/cpu/kernels/finish.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "base/cpu_info.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace tenon::cpu {

inline constexpr std::ptrdiff_t kProductLine = 64;

// Rows that are copied, or pass by, for one part of the columns: with the weights at work and those that come
// next they stay in the second-level cache.
inline std::ptrdiff_t cached_panel_bytes() {
  return static_cast<std::ptrdiff_t>(cpu_info().l2_bytes * 7 / 16);
}

// Whether rows that could be read in place are faster as lines: where tiles of several rows pass by several
// times.
inline bool products_pay_copies(int m, int n) { return m > 1 && n > 4 * kChannelBlock; }

// Bytes of scratch for products of m rows of k elements, of `element` bytes where they are copied, in tiles
// of at most `most_rows` rows: panels have no more bytes than this, whatever the cut, and shapes that grow
// need no less.
inline std::size_t products_scratch_size(int m, int k, int element, int most_rows, int threads) {
  const std::ptrdiff_t row = round_up(k, kChannelBlock) * element;
  const std::ptrdiff_t panel = std::min((static_cast<std::ptrdiff_t>(m) + most_rows) * row,
                                        std::max(most_rows * row, cached_panel_bytes()));
  return static_cast<std::size_t>(round_up(panel, kProductLine) * threads);
}

// Results that wait to be finished: they stay in the first-level cache, beside what makes them.
inline constexpr std::ptrdiff_t kFinishedBytes = 16 * 1024;

// What these take, behind products_scratch_size.
inline std::size_t finished_scratch_size(int threads) {
  return static_cast<std::size_t>(kFinishedBytes * threads);
}

template <class Form>
class ProductWalk {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;
  using Tile = typename Form::Tile;

  ProductWalk(const Kernel& kernel, const Args& args, std::byte* scratch, int threads)
      : kernel_(kernel), args_(args), scratch_(scratch), copied_(Form::copied(kernel, args)) {
    element_ = copied_ ? kernel.element() : Form::element(args);
    line_ = static_cast<std::ptrdiff_t>(kChannelBlock) * element_;
    ld_ = copied_ ? channel_blocks(args.k) * line_ : static_cast<std::ptrdiff_t>(args.k) * element_;
    blocks_ = static_cast<int>(channel_blocks(args.n));
    const int most_blocks = args.m <= kernel.max_pixels(kernel.oc_blocks_at_most(4))   ? 4
                            : args.m <= kernel.max_pixels(kernel.oc_blocks_at_most(3)) ? 3
                                                                                       : 2;
    step_blocks_ = kernel.oc_blocks_at_most(std::min(most_blocks, blocks_));
    steps_ = static_cast<int>(ceil_div(blocks_, step_blocks_));
    tile_rows_ = static_cast<int>(ceil_div(args.m, ceil_div(args.m, kernel.max_pixels(step_blocks_))));
    const std::ptrdiff_t tiles = ceil_div(args.m, tile_rows_);
    const std::ptrdiff_t panel = std::clamp<std::ptrdiff_t>(
        cached_panel_bytes() / std::max<std::ptrdiff_t>(ld_ * tile_rows_, 1), 1, tiles);
    panels_ = static_cast<int>(ceil_div(tiles, panel));
    if (threads > 1) {
      constexpr std::ptrdiff_t kUnitsPerThread = 4;
      panels_ = static_cast<int>(std::min(tiles, round_up(panels_, threads)));
      parts_ =
          static_cast<int>(std::min<std::ptrdiff_t>(steps_, ceil_div(kUnitsPerThread * threads, panels_)));
    }
    tiles_ = static_cast<int>(tiles);
    panel_rows_ = static_cast<int>(ceil_div(tiles_, panels_)) * tile_rows_;
    finish_ = Form::finish(args);
    if (finish_ == nullptr) return;
    finished_ld_ = static_cast<std::ptrdiff_t>(step_blocks_) * kChannelBlock;
    tiles_at_once_ = static_cast<int>(std::max<std::ptrdiff_t>(
        kFinishedBytes / (tile_rows_ * finished_ld_ * static_cast<std::ptrdiff_t>(sizeof(float))), 1));
    finished_ = scratch + (copied_ ? threads * round_up(panel_rows_ * ld_, kProductLine) : 0);
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(panels_) * parts_; }

  void run(std::ptrdiff_t unit, int worker) const {
    const auto part = static_cast<int>(unit % parts_), panel = static_cast<int>(unit / parts_);
    const int row = first_row(panel), rows = first_row(panel + 1) - row;
    const std::byte* a = Form::row(args_, row);
    if (copied_) {
      std::byte* to = scratch_ + worker * round_up(panel_rows_ * ld_, kProductLine);
      for (int i = 0; i < rows; i += tile_rows_)
        copy_tile(row + i, std::min(tile_rows_, rows - i), to + i * ld_);
      a = to;
    }
    const int end = std::min((part + 1) * steps_ / parts_ * step_blocks_, blocks_);
    for (int block = part * steps_ / parts_ * step_blocks_; block < end;) {
      const int blocks = kernel_.oc_blocks_at_most(std::min(step_blocks_, end - block));
      const int next = std::min(step_blocks_, end - block - blocks);
      const int whole = rows / tile_rows_, rest = rows % tile_rows_;
      if (whole > 0) run_tiles(a, {row, tile_rows_, whole, block, blocks, next, worker});
      if (rest > 0)
        run_tiles(a + (rows - rest) * ld_, {row + rows - rest, rest, 1, block, blocks, 0, worker});
      block += blocks;
    }
  }

 private:
  int first_row(int panel) const {
    return static_cast<int>(std::min<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>(tiles_) * panel / panels_ * tile_rows_, args_.m));
  }

  // Rows of a tile as lines of a block of elements: the first of all rows, then the second, so that a tile
  // reads one stream from beginning to end.
  void copy_tile(int row, int rows, std::byte* to) const {
    constexpr int kCopyChunk = 32 * kChannelBlock;  // elements
    alignas(64) std::byte chunk[kCopyChunk * sizeof(float)];
    const std::ptrdiff_t step = rows * line_;
    for (int i = 0; i < rows; ++i) {
      std::byte* line = to + i * line_;
      for (int k = 0; k < args_.k; k += kCopyChunk) {
        const int count = std::min(kCopyChunk, args_.k - k);
        const std::byte* from = Form::copy_row(kernel_, args_, row + i, k, count, chunk);
        const int whole = count / kChannelBlock;
        const auto copy = [&](auto bytes) {
          constexpr std::ptrdiff_t kBytes = decltype(bytes)::value;
          for (int l = 0; l < whole; ++l, line += step) std::memcpy(line, from + l * kBytes, kBytes);
          if (const int rest = count % kChannelBlock)
            std::memcpy(line, from + whole * kBytes,
                        static_cast<std::size_t>(round_up(rest, Form::kGroup) * element_));
        };
        if (element_ == 1) {
          copy(std::integral_constant<int, kChannelBlock>());
        } else if (element_ == 2) {
          copy(std::integral_constant<int, 2 * kChannelBlock>());
        } else {
          copy(std::integral_constant<int, 4 * kChannelBlock>());
        }
      }
    }
  }

  // Tiles one below the other, which fetch the weights of the `next` blocks in equal shares.
  struct Tiles {
    int row;
    int rows;  // of a tile
    int tiles;
    int block;
    int blocks;
    int next;
    int worker;
  };

  void run_tiles(const std::byte* a, const Tiles& all) const {
    Tile t = tile_at(a, all);
    if (finish_ == nullptr) return kernel_.tile(t, all.rows, all.blocks);
    auto* const results = reinterpret_cast<float*>(finished_ + all.worker * kFinishedBytes);
    t.dst = results;
    t.dst_at = 0;
    t.dst_pixel = finished_ld_;
    t.next_dst = all.rows * finished_ld_;
    const auto* const ahead = static_cast<const std::byte*>(static_cast<const void*>(t.ahead));
    for (int done = 0; done < all.tiles; done += t.tiles) {
      t.tiles = std::min(tiles_at_once_, all.tiles - done);
      t.src = a + done * t.next_src;
      t.ahead = ahead + done * t.ahead_step * ceil_div(args_.k, Form::kGroup);
      kernel_.tile(t, all.rows, all.blocks);
      const int column = all.block * kChannelBlock;
      (*finish_)({results, finished_ld_, all.row + done * all.rows, t.tiles * all.rows, column,
                  std::min(all.blocks * kChannelBlock, args_.n - column), all.worker});
    }
  }

  Tile tile_at(const std::byte* a, const Tiles& all) const {
    const auto& [row, rows, tiles, block, blocks, next, worker] = all;
    Tile t{};
    t.src = a;
    t.src_block = copied_ ? rows * line_ : line_;
    t.src_pixel = copied_ ? line_ : ld_;
    t.blocks = static_cast<int>(channel_blocks(args_.k));
    t.last_groups = static_cast<int>(ceil_div(args_.k - (t.blocks - 1) * kChannelBlock, Form::kGroup));
    t.taps_h = t.taps_w = 1;
    t.weights_oc_block = round_up(args_.k, Form::kGroup) * kChannelBlock;
    Form::set_operands(args_, block, t);
    t.dst_at =
        static_cast<std::ptrdiff_t>(row) * args_.n + static_cast<std::ptrdiff_t>(block) * kChannelBlock;
    t.dst_pixel = args_.n;
    t.dst_oc_block = kChannelBlock;
    t.last_lanes = std::min(kChannelBlock, args_.n - (block + blocks - 1) * kChannelBlock);
    t.ahead = t.weights + (next > 0 ? blocks * t.weights_oc_block : 0);
    t.ahead_step = std::min(kProductLine,
                            ceil_div(next * t.weights_oc_block * Form::kWeightBytes,
                                     std::max<std::ptrdiff_t>(tiles * ceil_div(args_.k, Form::kGroup), 1)));
    t.tiles = tiles;
    t.next_src = rows * ld_;
    t.next_dst = static_cast<std::ptrdiff_t>(rows) * args_.n;
    return t;
  }

  const Kernel& kernel_;
  const Args& args_;
  std::byte* scratch_;
  bool copied_;
  int element_;
  std::ptrdiff_t line_;  // bytes of a block of elements
  std::ptrdiff_t ld_;    // of a row of what tiles read
  int blocks_;           // of 16 columns
  int step_blocks_;
  int steps_;
  int tile_rows_;
  int tiles_;
  int panels_;
  int panel_rows_;  // at most
  int parts_ = 1;
  const ProductFinish* finish_ = nullptr;
  std::byte* finished_ = nullptr;   // kFinishedBytes for each worker
  std::ptrdiff_t finished_ld_ = 0;  // elements
  int tiles_at_once_ = 1;
};

template <class Form>
void products_run(const typename Form::Kernel& kernel, const typename Form::Args& args, std::byte* scratch,
                  ThreadPool& pool) {
  if (args.m == 0 || args.n == 0) return;
  const ProductWalk<Form> walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
