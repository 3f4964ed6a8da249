// The driver of products with constant matrices by tiles: units of work are a panel of rows and a part of the
// columns. Written once over a Form:
//
//   struct Form {
//     using Kernel, Args, Work = …;      Kernel: panel(work); Args: m, n, k
//     static constexpr int kElement;     bytes, as tiles have it
//     static const std::byte* rows(const Args&);     the left side, where
//     static bool in_place(const Args&);             it is as tiles take it, but for its length
//     // Elements [from, from + count) of a row, as tiles take them.
//     static void copy(const Kernel&, const Args&, std::ptrdiff_t row, int from, int count, std::byte* to);
//     static const std::byte* weights(const Args&);
//     static void set_epilogue(const Args&, std::ptrdiff_t block, Work&);    from that output block on
//     static bool finished(const Args&);                  whether `finish` gets results, instead of c
//     static const ProductFinish* finish(const Args&);
//   };
//
// Weights are packed as those of a 1x1 convolution from k to n channels. The left side is read where it is if
// its rows are whole steps and short, or the columns few, else it is laid out in planes of a step each.
#pragma once

#include "backends/cpu/kernels/finish.hpp"
#include "backends/cpu/kernels/matrix/matrix.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

template <class Form>
class MatrixProducts {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;

  MatrixProducts(const Kernel& kernel, const Args& args, std::byte* scratch, int threads)
      : kernel_(kernel), args_(args) {
    steps_ = steps(args);
    blocks_ = static_cast<int>(channel_blocks(args.n));
    const std::ptrdiff_t row_bytes = static_cast<std::ptrdiff_t>(steps_) * kMatrixDepth;
    const int pairs = static_cast<int>(ceil_div(blocks_, kMatrixPair));
    const std::ptrdiff_t pair_bytes = kMatrixPair * kMatrixRows * row_bytes;
    const std::ptrdiff_t row_pairs = ceil_div(args.m, kMatrixPair * kMatrixRows);
    std::ptrdiff_t panel = std::clamp<std::ptrdiff_t>(kPanelBytes / pair_bytes, 1, row_pairs);
    if (threads > 1) {
      const std::ptrdiff_t wanted = static_cast<std::ptrdiff_t>(kUnitsPerThread) * threads;
      panel = std::min(panel, std::max<std::ptrdiff_t>(1, row_pairs / threads));
      parts_ =
          static_cast<int>(std::min<std::ptrdiff_t>(pairs, ceil_div(wanted, ceil_div(row_pairs, panel))));
    }
    copied_ = must_copy(args) || (row_bytes >= kFarRows && pairs / parts_ >= kManyPairs);
    panel_rows_ = static_cast<int>(panel) * kMatrixPair * kMatrixRows;
    panels_ = static_cast<int>(ceil_div(args.m, panel_rows_));
    panel_rows_ = std::min(panel_rows_, static_cast<int>(round_up(args.m, kMatrixRows)));
    // Rows of two tiles stay in the first-level cache while all columns pass by, or the weights of two blocks
    // while all rows do.
    blocks_inner_ = pair_bytes <= kInnerBytes && row_bytes * kChannelBlock * blocks_ / parts_ <= kPanelBytes;
    offsets_ = reinterpret_cast<std::ptrdiff_t*>(scratch);
    for (int s = 0; s < steps_; ++s) offsets_[s] = s * kMatrixDepth * (copied_ ? panel_rows_ : 1);
    tables_ = scratch + offset_bytes(steps_);
    table_bytes_ = tables_of(panel_rows_);
    panels_memory_ = tables_ + threads * table_bytes_;
    panel_bytes_ = copied_ ? panel_rows_ * row_bytes : 0;
    finish_ = Form::finished(args) ? Form::finish(args) : nullptr;
    results_ = finish_ == nullptr ? static_cast<void*>(args.c) : panels_memory_ + threads * panel_bytes_;
  }

  // Enough for all cuts of these sizes and of smaller m.
  static std::size_t scratch_size(const Args& args, int threads) {
    const std::ptrdiff_t row_bytes = static_cast<std::ptrdiff_t>(steps(args)) * kMatrixDepth;
    const std::ptrdiff_t pair = kMatrixPair * kMatrixRows;
    const std::ptrdiff_t rows =
        std::min(round_up(args.m, kMatrixRows), std::max(kPanelBytes / row_bytes, pair));
    return static_cast<std::size_t>(offset_bytes(steps(args)) +
                                    threads * (tables_of(rows) + rows * row_bytes) +
                                    (Form::finished(args) ? floats_of(args) : 0));
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(panels_) * parts_; }

  void run(std::ptrdiff_t unit, int worker) const {
    const int part = static_cast<int>(unit % parts_), panel = static_cast<int>(unit / parts_);
    const int row = panel * panel_rows_, rows = std::min(panel_rows_, args_.m - row);
    const int pairs = static_cast<int>(ceil_div(blocks_, kMatrixPair));
    const int first = part * pairs / parts_ * kMatrixPair;
    const int end = std::min((part + 1) * pairs / parts_ * kMatrixPair, blocks_);

    typename Form::Work work{};
    work.passes[0] = {nullptr, kMatrixDepth, offsets_, steps_};
    auto* tiles = reinterpret_cast<MatrixTile*>(tables_ + worker * table_bytes_);
    auto* runs = reinterpret_cast<MatrixRun*>(tiles + ceil_div(panel_rows_, kMatrixRows));
    work.tiles = tiles;
    work.runs = runs;
    work.tile_count = static_cast<int>(ceil_div(rows, kMatrixRows));
    for (int t = 0; t < work.tile_count; ++t) {
      const int at = t * kMatrixRows;
      // Where rows are read in place, the last tile begins early enough to end with them.
      const int position = copied_ ? at : std::min(at, args_.m - row - kMatrixRows);
      tiles[t] = {position, t, 1};
      runs[t] = {static_cast<std::ptrdiff_t>(row + at) * args_.n, static_cast<std::int16_t>(at - position),
                 static_cast<std::int16_t>(std::min(kMatrixRows, rows - at))};
    }
    if (copied_) {
      std::byte* planes = panels_memory_ + worker * panel_bytes_;
      lay_out(row, rows, planes);
      work.passes[0].src = planes;
    } else {
      work.passes[0].row = static_cast<std::ptrdiff_t>(args_.k) * Form::kElement;
      work.passes[0].src = Form::rows(args_) + row * work.passes[0].row;
    }
    work.weights_block = static_cast<std::ptrdiff_t>(steps_) * kMatrixStepWeights;
    work.weights = Form::weights(args_) + first * work.weights_block;
    work.blocks = end - first;
    work.blocks_inner = blocks_inner_;
    work.dst = results_;
    work.dst_row = args_.n;
    work.dst_block = kChannelBlock;
    work.dst_first = first * kChannelBlock;
    work.last_lanes = std::min(kChannelBlock, args_.n - (end - 1) * kChannelBlock);
    Form::set_epilogue(args_, first, work);
    kernel_.panel(work);
    if (finish_ == nullptr) return;
    const int column = first * kChannelBlock;
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * args_.n + column;
    (*finish_)({static_cast<const float*>(results_) + at, args_.n, row, rows, column,
                std::min(end * kChannelBlock, args_.n) - column, worker});
  }

 private:
  static constexpr int kUnitsPerThread = 4;
  static constexpr std::ptrdiff_t kPanelBytes = 512 * 1024;
  static constexpr std::ptrdiff_t kInnerBytes = 32 * 1024;
  static constexpr std::ptrdiff_t kLine = 64;
  // Tiles load rows so far apart half as fast again as those of a plane, for which so many pairs of blocks
  // make up.
  static constexpr std::ptrdiff_t kFarRows = 512;
  static constexpr int kManyPairs = 8;

  static int steps(const Args& args) {
    return static_cast<int>(ceil_div(static_cast<std::ptrdiff_t>(args.k) * Form::kElement, kMatrixDepth));
  }
  static bool must_copy(const Args& args) {
    return args.m < kMatrixRows || args.k * Form::kElement % kMatrixDepth != 0 || !Form::in_place(args);
  }
  static std::ptrdiff_t offset_bytes(int steps) {
    return round_up(steps * static_cast<std::ptrdiff_t>(sizeof(std::ptrdiff_t)), kLine);
  }
  static std::ptrdiff_t floats_of(const Args& args) {
    return static_cast<std::ptrdiff_t>(args.m) * args.n * static_cast<std::ptrdiff_t>(sizeof(float));
  }
  static std::ptrdiff_t tables_of(std::ptrdiff_t rows) {
    return round_up(
        ceil_div(rows, kMatrixRows) * static_cast<std::ptrdiff_t>(sizeof(MatrixTile) + sizeof(MatrixRun)),
        kLine);
  }

  void lay_out(int row, int rows, std::byte* planes) const {
    constexpr int kDepth = kMatrixDepth / Form::kElement;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(panel_rows_) * kMatrixDepth;
    for (int r = 0; r < rows; ++r) {
      std::byte* to = planes + r * kMatrixDepth;
      for (int from = 0; from < args_.k; from += kDepth, to += plane) {
        const int count = std::min(kDepth, args_.k - from);
        if (count < kDepth) std::memset(to, 0, kMatrixDepth);
        Form::copy(kernel_, args_, row + r, from, count, to);
      }
    }
  }

  const Kernel& kernel_;
  const Args& args_;
  int steps_;
  int blocks_;  // of 16 columns
  bool copied_;
  bool blocks_inner_;
  int panel_rows_;
  int panels_;
  int parts_ = 1;
  std::ptrdiff_t* offsets_;
  std::byte* tables_;  // tiles and runs, for each thread
  std::ptrdiff_t table_bytes_;
  std::byte* panels_memory_;
  std::ptrdiff_t panel_bytes_;
  const ProductFinish* finish_;
  void* results_;
};

template <class Form>
std::size_t matrix_products_scratch_size(const typename Form::Args& args, int threads) {
  if (args.m == 0 || args.n == 0) return 0;
  return MatrixProducts<Form>::scratch_size(args, threads);
}

template <class Form>
void matrix_products_run(const typename Form::Kernel& kernel, const typename Form::Args& args,
                         std::byte* scratch, ThreadPool& pool) {
  if (args.m == 0 || args.n == 0) return;
  const MatrixProducts<Form> products(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(products.units()), [&products](std::size_t unit, int worker) {
    products.run(static_cast<std::ptrdiff_t>(unit), worker);
  });
}

}  // namespace tenon::cpu
