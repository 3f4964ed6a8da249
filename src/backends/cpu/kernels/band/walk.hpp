// The driver of convolutions that read bands (geometry.hpp): units of work are an image, a group, a band of
// output rows and a part of the output channels. Written once over a Form:
//
//   struct Form {
//     using Kernel, Args, Tile = …;               Args: shape, config {pixels, oc_blocks, oc_inner}
//     static constexpr int kGroup;                channels that one step multiplies
//     static constexpr int kWeightBytes;
//     static BandForm band(const Kernel&, const Args&);
//     static BandSource source(const BandGeometry&, const Kernel&, const Args&, int image, int group, int
//     begin,
//                              int end, std::byte* scratch);
//     static void set_operands(const Args&, std::ptrdiff_t out_block, Tile&);     weights and epilogue; the
//     tile
//                                                                                knows its weights_oc_block
//     static void clear_padding(const Args&, std::ptrdiff_t dst_at, std::ptrdiff_t pixels, int lanes);
//   };
//
// The tile is a BandTile with what the family adds, or has its fields; one without `ahead_block` fetches no
// source. A tile with `far` and `far_step` asks for Args::ahead on the way.
#pragma once

#include "backends/cpu/kernels/band/geometry.hpp"
#include "base/thread_pool.hpp"

#include <cstring>

namespace tenon::cpu {

template <class Form>
class BandWalk {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;
  using Tile = typename Form::Tile;

  BandWalk(const Kernel& kernel, const Args& args, std::byte* scratch, int threads)
      : kernel_(kernel),
        args_(args),
        geometry_(args.shape, Form::band(kernel, args)),
        shape_(geometry_.shape),
        scratch_(scratch) {
    out_blocks_ = static_cast<int>(channel_blocks(shape_.group_out()));
    oc_blocks_ = kernel.oc_blocks_at_most(std::max(args.config.oc_blocks, 1));
    oc_steps_ = static_cast<int>(ceil_div(out_blocks_, oc_blocks_));
    const int most = std::clamp(args.config.pixels, 1, kernel.max_pixels(oc_blocks_));
    geometry_.cut_image(most);
    row_tiles_ = static_cast<int>(ceil_div(geometry_.width, most));
    tile_pixels_ = static_cast<int>(ceil_div(geometry_.width, row_tiles_));
    weights_oc_block_ =
        round_up(shape_.group_in(), Form::kGroup) * kChannelBlock * shape_.kernel_h * shape_.kernel_w;
    cut(threads);
  }

  // Groups of channels that pass by in all tiles; each can ask for a line.
  std::ptrdiff_t lines_ahead() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups * tiles_of_rows(geometry_.rows) *
           groups_of_tile();
  }

  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups * bands_ * parts_;
  }

  // Before the first run(), on a pool of `threads`: no worker's scratch holds a copy yet.
  void forget_copies(int threads) const {
    for (int worker = 0; geometry_.copied && worker < threads; ++worker) keep({}, worker);
  }

  void run(std::ptrdiff_t unit, int worker) const {
    const int part = static_cast<int>(unit % parts_);
    unit /= parts_;
    const int band = static_cast<int>(unit % bands_);
    unit /= bands_;
    Place at{};
    at.group = static_cast<int>(unit % shape_.groups);
    at.image = static_cast<int>(unit / shape_.groups);
    const std::ptrdiff_t whole = unit * bands_ + band;  // a band of all output channels
    const int row_begin = band * band_, row_end = std::min(row_begin + band_, geometry_.rows);
    at.tiles_before =
        unit * tiles_of_rows(geometry_.rows) + tiles_of_rows(row_begin) +
        static_cast<std::ptrdiff_t>(row_end - row_begin) * row_tiles_ * (part * oc_steps_ / parts_);
    const int block_begin = part * oc_steps_ / parts_ * oc_blocks_;
    const int block_end = std::min((part + 1) * oc_steps_ / parts_ * oc_blocks_, out_blocks_);
    const BandSource source = source_of(whole, at, row_begin, row_end, worker);
    at.y = row_begin;
    if (args_.config.oc_inner) {
      run_inner(source, at, row_end, block_begin, block_end);
      return;
    }
    for (int block = block_begin; block < block_end;) {
      const int blocks = kernel_.oc_blocks_at_most(std::min(oc_blocks_, block_end - block));
      at.y = row_begin;
      run_step(source, at, row_end, block, blocks, block_end);
      block += blocks;
    }
  }

 private:
  // Units of work for each thread, so that one that falls behind has something to give away.
  static constexpr int kUnitsPerThread = 4;
  // Weights beyond this are read once per unit where that can be: units then are parts of the output
  // channels.
  static constexpr std::ptrdiff_t kManyWeights = 512 * 1024;
  // Weights of a step beyond this are fetched ahead.
  static constexpr std::ptrdiff_t kFetchedWeights = 8 * 1024;
  // What is fetched with each group of channels.
  static constexpr std::ptrdiff_t kFetchedLine = 64;
  // How many tiles ahead the source of a flat image is fetched.
  static constexpr int kTilesAhead = 2;

  // The copy that a worker's scratch holds, which units of the same band share.
  struct Kept {
    std::ptrdiff_t band = -1;
    BandSource source{};
  };
  static_assert(sizeof(Kept) <= kBandKept);

  struct Place {
    int image;
    int group;
    int y;
    int x;
    int count;                    // pixels
    int tiles;                    // one after the other, of as many
    std::ptrdiff_t tiles_before;  // in all units before, and in this one
  };

  void cut(int threads) {
    const std::ptrdiff_t outer = static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups;
    const bool many = weights_oc_block_ * out_blocks_ * Form::kWeightBytes > kManyWeights;
    band_ = geometry_.most_rows();
    if (!geometry_.copied && !args_.config.oc_inner && !many && oc_steps_ > 1) {
      const std::ptrdiff_t row = channel_blocks(shape_.group_in()) * geometry_.pixel *
                                 (geometry_.flat ? geometry_.width : shape_.in_w * shape_.stride_h);
      band_ = static_cast<int>(
          std::clamp<std::ptrdiff_t>(kCachedBandBytes / std::max<std::ptrdiff_t>(row, 1), 1, band_));
    }
    if (threads > 1) {
      const std::ptrdiff_t wanted = ceil_div(static_cast<std::ptrdiff_t>(kUnitsPerThread) * threads, outer);
      if (many) parts_ = static_cast<int>(std::min<std::ptrdiff_t>(wanted, oc_steps_));
      band_ = std::min(band_, std::max(1, static_cast<int>(geometry_.rows * parts_ / wanted)));
      bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
      if (!many) parts_ = static_cast<int>(std::min<std::ptrdiff_t>(ceil_div(wanted, bands_), oc_steps_));
    }
    bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
  }

  std::byte* scratch_of(int worker) const {
    return scratch_ + worker * geometry_.worker_bytes(geometry_.band_bytes(geometry_.most_rows()));
  }
  std::byte* kept_of(int worker) const {
    return scratch_of(worker) + geometry_.band_bytes(geometry_.most_rows());
  }
  void keep(const Kept& kept, int worker) const { std::memcpy(kept_of(worker), &kept, sizeof(kept)); }

  // `band` counts those of all images and groups.
  BandSource source_of(std::ptrdiff_t band, const Place& at, int begin, int end, int worker) const {
    Kept kept;
    if (geometry_.copied) std::memcpy(&kept, kept_of(worker), sizeof(kept));
    if (kept.band == band) return kept.source;
    kept = {band,
            Form::source(geometry_, kernel_, args_, at.image, at.group, begin, end, scratch_of(worker))};
    if (geometry_.copied) keep(kept, worker);
    return kept.source;
  }

  // All output channels of a tile before the next tile.
  void run_inner(const BandSource& source, Place at, int row_end, int block_begin, int block_end) const {
    at.tiles = 1;
    for (; at.y < row_end; ++at.y) {
      const int width = geometry_.pixels_of_row(at.y);
      for (at.x = 0; at.x < width; at.x += tile_pixels_) {
        at.count = std::min(tile_pixels_, width - at.x);
        const int steps = (block_end - block_begin) / oc_blocks_;
        if (steps > 0) run_tiles(source, at, block_begin, oc_blocks_, steps, -1);
        at.tiles_before += steps;
        for (int block = block_begin + steps * oc_blocks_; block < block_end;) {
          const int blocks = kernel_.oc_blocks_at_most(block_end - block);
          run_tiles(source, at, block, blocks, 1, -1);
          ++at.tiles_before;
          block += blocks;
        }
      }
    }
  }

  // All tiles of a band for one step of output channels. While the first pass by, the weights of the next
  // step are fetched, a block by each, where the first-level cache does not hold them anyway.
  void run_step(const BandSource& source, Place& at, int row_end, int block, int blocks,
                int block_end) const {
    int fetched = 0;
    const int fetches = weights_oc_block_ * blocks * Form::kWeightBytes > kFetchedWeights
                            ? std::min(blocks, block_end - block - blocks)
                            : 0;
    const auto run = [&](int tiles) {
      while (tiles > 0) {
        const bool fetch = fetched < fetches;
        at.tiles = fetch ? 1 : tiles;
        run_tiles(source, at, block, blocks, 1, fetch ? blocks + fetched : -1);
        at.tiles_before += at.tiles;
        fetched += fetch;
        tiles -= at.tiles;
        if (geometry_.flat) {
          at.y += at.tiles;
        } else {
          at.x += at.tiles * at.count;
        }
      }
    };
    if (geometry_.flat) {
      at.count = geometry_.width;
      const int partial = geometry_.pixels_of_row(row_end - 1) < geometry_.width;
      run(row_end - at.y - partial);
      at.count = geometry_.pixels_of_row(row_end - 1);
      run(partial);
      return;
    }
    for (; at.y < row_end; ++at.y) {
      at.x = 0;
      at.count = tile_pixels_;
      run(geometry_.width / tile_pixels_);
      at.count = geometry_.width % tile_pixels_;
      run(at.count > 0);
    }
  }

  // The tiles at a place in one step of output channels, or one tile in `steps` steps. The weights of the
  // block that is `ahead` on from the first are fetched, unless it is -1.
  void run_tiles(const BandSource& source, const Place& at, int block, int blocks, int steps,
                 int ahead) const {
    const ConvShape& s = shape_;
    const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(at.group) * out_blocks_ + block;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w * kChannelBlock;
    Tile t{};
    t.src = source.pixel(at.y, at.x);
    t.src_block = source.block;
    t.src_tap_h = source.tap_h;
    t.src_tap_w = source.tap_w;
    t.src_pixel = source.step_w;
    t.blocks = static_cast<int>(channel_blocks(s.group_in()));
    t.last_groups = static_cast<int>(ceil_div(s.group_in() - (t.blocks - 1) * kChannelBlock, Form::kGroup));
    t.taps_h = s.kernel_h;
    t.taps_w = s.kernel_w;
    if (source.taps_are_groups) {
      t.last_groups *= t.taps_w;
      t.taps_w = 1;
    }
    t.weights_oc_block = weights_oc_block_;
    Form::set_operands(args_, out_block, t);
    t.dst_at = (static_cast<std::ptrdiff_t>(at.image) * s.groups * out_blocks_ + out_block) * plane +
               (static_cast<std::ptrdiff_t>(at.y) * geometry_.width + at.x) * kChannelBlock;
    t.dst_pixel = kChannelBlock;
    t.dst_oc_block = plane;
    t.last_lanes = kChannelBlock;
    t.ahead = t.weights + std::max(ahead, 0) * weights_oc_block_;
    t.ahead_step = ahead < 0 ? 0 : kFetchedLine;
    if constexpr (requires { t.ahead_block; }) {
      if (ahead < 0 && geometry_.flat && !geometry_.copied) {
        // Short runs from many blocks are more than the processor follows by itself.
        t.ahead = t.src + kTilesAhead * at.count * source.step_w;
        t.ahead_step = kFetchedLine;
        t.ahead_block = source.block;
      }
    }
    if (steps > 1) {
      t.tiles = steps;
      t.next_weights = blocks * weights_oc_block_;
      t.next_channels = static_cast<std::ptrdiff_t>(blocks) * kChannelBlock;
      t.next_dst = blocks * plane;
    } else {
      t.tiles = at.tiles;
      t.next_src = geometry_.flat ? source.row : at.count * source.step_w;
      t.next_dst = static_cast<std::ptrdiff_t>(at.count) * kChannelBlock;
    }
    if constexpr (requires { t.far; }) {
      if (!args_.ahead.empty()) look_far_ahead(t, at.tiles_before);
    }
    kernel_.tile(t, at.count, blocks);
    if (block + steps * blocks == out_blocks_) {
      Form::clear_padding(args_, t.dst_at + (steps * blocks - 1) * plane, at.count * at.tiles,
                          s.group_out() - (out_blocks_ - 1) * kChannelBlock);
    }
  }

  // What is read after the convolution is spread evenly over all tiles, in the order in which they are done.
  void look_far_ahead(Tile& t, std::ptrdiff_t tiles_before) const {
    const auto bytes = static_cast<std::ptrdiff_t>(args_.ahead.size());
    const std::ptrdiff_t all = lines_ahead(), first = tiles_before * groups_of_tile(),
                         groups = t.tiles * groups_of_tile();
    const std::ptrdiff_t begin = bytes * std::min(first, all) / all;
    const std::ptrdiff_t end = ceil_div(bytes * std::min(first + groups, all), all);
    t.far = args_.ahead.data() + begin;
    t.far_step = std::min(ceil_div(end - begin, groups), kFetchedLine);
  }

  // Of all output channels.
  std::ptrdiff_t tiles_of_rows(int rows) const {
    return static_cast<std::ptrdiff_t>(rows) * row_tiles_ * oc_steps_;
  }
  // Groups of channels that pass by in a tile.
  std::ptrdiff_t groups_of_tile() const {
    return ceil_div(shape_.group_in(), Form::kGroup) * shape_.kernel_h * shape_.kernel_w;
  }

  const Kernel& kernel_;
  const Args& args_;
  BandGeometry geometry_;
  const ConvShape& shape_;  // of geometry_
  std::byte* scratch_;
  int out_blocks_;
  int oc_blocks_;
  int oc_steps_;
  int row_tiles_;
  int tile_pixels_;
  int band_ = 1;
  int bands_ = 1;
  int parts_ = 1;
  std::ptrdiff_t weights_oc_block_;  // elements
};

// scratch: whole cache lines, as many for each thread.
template <class Form>
std::size_t band_scratch_size(const typename Form::Kernel& kernel, const typename Form::Args& args,
                              int most_pixels, int threads) {
  if (args.shape.empty()) return 0;
  // A larger image may need no copy where a smaller one does, whose border is cut otherwise.
  BandForm form = Form::band(kernel, args);
  form.always_copied = form.always_copied || !conv_merged(args.shape).pointwise();
  BandGeometry geometry(args.shape, form);
  geometry.cut_image(kernel.max_pixels(1));
  return static_cast<std::size_t>(geometry.scratch_bytes(most_pixels) * threads);
}

template <class Form>
void band_run(const typename Form::Kernel& kernel, const typename Form::Args& args, std::byte* scratch,
              ThreadPool& pool) {
  if (args.shape.empty()) return;
  const BandWalk<Form> walk(kernel, args, scratch, pool.size());
  walk.forget_copies(pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
