#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include "backends/cpu/kernels/conv_s8/source.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  void name(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;          \
  void name##_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL

namespace {

constexpr ConvS8Kernel kConvS8Kernels[] = {
#define TENON_CONV_S8_KERNEL(isa, name, wide, pixels1, pixels2, pixels3, pixels4) \
  {{"conv_s8", #name, Isa::isa}, wide, {pixels1, pixels2, pixels3, pixels4}, name##_copy, name},
#include "backends/cpu/kernels/conv_s8/kernels.inc"
#undef TENON_CONV_S8_KERNEL
};

// Units of work for each thread, so that one that falls behind has something to give away.
constexpr int kConvS8UnitsPerThread = 4;
// Weights beyond this are read once per unit where that can be: units then are parts of the output channels.
constexpr std::ptrdiff_t kManyWeights = 512 * 1024;

// How many tiles ahead the source of a flat image is fetched, a line with each group of channels.
constexpr int kTilesAhead = 2;
constexpr std::ptrdiff_t kConvS8Line = 64;

// Weights of a step beyond this are fetched ahead.
constexpr std::ptrdiff_t kFetchedWeights = 8 * 1024;

// Units are (image, group, band of rows, part of the output channels).
class S8Walk {
 public:
  S8Walk(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch, int threads);

  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups * bands_ * parts_;
  }
  void run(std::ptrdiff_t unit, int worker) const;

 private:
  struct Place {
    int image;
    int group;
    int y;
    int x;
    int count;  // pixels
    int tiles;  // one after the other, of as many
  };

  void cut(int threads);
  void run_step(const S8Source& source, Place at, int row_end, int block, int blocks, int block_end) const;
  void run_tiles(const S8Source& source, const Place& at, int block, int blocks, int steps,
                 const std::int8_t* ahead) const;

  const ConvS8Kernel& kernel_;
  const ConvS8Args& args_;
  S8Geometry geometry_;
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
  std::ptrdiff_t weights_oc_block_;
};

S8Walk::S8Walk(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch, int threads)
    : kernel_(kernel), args_(args), geometry_(kernel, args), shape_(geometry_.shape), scratch_(scratch) {
  out_blocks_ = static_cast<int>(channel_blocks(shape_.group_out()));
  oc_blocks_ = kernel.oc_blocks_at_most(args.config.oc_blocks);
  oc_steps_ = static_cast<int>(ceil_div(out_blocks_, oc_blocks_));
  const int most = std::clamp(args.config.pixels, 1, kernel.max_pixels(oc_blocks_));
  geometry_.cut_image(most);
  row_tiles_ = static_cast<int>(ceil_div(geometry_.width, most));
  tile_pixels_ = static_cast<int>(ceil_div(geometry_.width, row_tiles_));
  weights_oc_block_ =
      round_up(shape_.group_in(), kS8Group) * kChannelBlock * shape_.kernel_h * shape_.kernel_w;
  cut(threads);
}

void S8Walk::cut(int threads) {
  const std::ptrdiff_t outer = static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups;
  band_ = geometry_.most_rows();
  if (threads > 1) {
    const std::ptrdiff_t wanted =
        ceil_div(static_cast<std::ptrdiff_t>(kConvS8UnitsPerThread) * threads, outer);
    const bool many = weights_oc_block_ * out_blocks_ > kManyWeights;
    if (many) parts_ = static_cast<int>(std::min<std::ptrdiff_t>(wanted, oc_steps_));
    band_ = std::min(band_, std::max(1, static_cast<int>(geometry_.rows * parts_ / wanted)));
    bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
    if (!many) parts_ = static_cast<int>(std::min<std::ptrdiff_t>(ceil_div(wanted, bands_), oc_steps_));
  }
  bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
}

void S8Walk::run(std::ptrdiff_t unit, int worker) const {
  const int part = static_cast<int>(unit % parts_);
  unit /= parts_;
  const int band = static_cast<int>(unit % bands_);
  unit /= bands_;
  Place at{};
  at.group = static_cast<int>(unit % shape_.groups);
  at.image = static_cast<int>(unit / shape_.groups);
  const int row_begin = band * band_, row_end = std::min(row_begin + band_, geometry_.rows);
  const int block_begin = part * oc_steps_ / parts_ * oc_blocks_;
  const int block_end = std::min((part + 1) * oc_steps_ / parts_ * oc_blocks_, out_blocks_);
  const S8Source source = s8_source(geometry_, kernel_, args_, at.image, at.group, row_begin, row_end,
                                    scratch_ + worker * geometry_.band_bytes(geometry_.most_rows()));

  at.y = row_begin;
  if (!args_.config.oc_inner) {
    for (int block = block_begin; block < block_end;) {
      const int blocks = kernel_.oc_blocks_at_most(std::min(oc_blocks_, block_end - block));
      run_step(source, at, row_end, block, blocks, block_end);
      block += blocks;
    }
    return;
  }
  at.tiles = 1;
  for (; at.y < row_end; ++at.y) {
    const int width = geometry_.pixels_of_row(at.y);
    for (at.x = 0; at.x < width; at.x += tile_pixels_) {
      at.count = std::min(tile_pixels_, width - at.x);
      const int steps = (block_end - block_begin) / oc_blocks_;
      if (steps > 0) run_tiles(source, at, block_begin, oc_blocks_, steps, nullptr);
      for (int block = block_begin + steps * oc_blocks_; block < block_end;) {
        const int blocks = kernel_.oc_blocks_at_most(block_end - block);
        run_tiles(source, at, block, blocks, 1, nullptr);
        block += blocks;
      }
    }
  }
}

// All tiles of a band for one step of output channels. While the first pass by, the weights of the next step
// are fetched, a block by each, where the first-level cache does not hold them anyway.
void S8Walk::run_step(const S8Source& source, Place at, int row_end, int block, int blocks,
                      int block_end) const {
  int fetched = 0;
  const int fetches =
      weights_oc_block_ * blocks > kFetchedWeights ? std::min(blocks, block_end - block - blocks) : 0;
  const auto run = [&](int tiles) {
    while (tiles > 0) {
      const bool fetch = fetched < fetches;
      at.tiles = fetch ? 1 : tiles;
      const std::ptrdiff_t next =
          static_cast<std::ptrdiff_t>(at.group) * out_blocks_ + block + blocks + fetched;
      run_tiles(source, at, block, blocks, 1, fetch ? args_.weights + next * weights_oc_block_ : nullptr);
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

// The tiles at a place in one step of output channels, or one tile in `steps` steps.
void S8Walk::run_tiles(const S8Source& source, const Place& at, int block, int blocks, int steps,
                       const std::int8_t* ahead) const {
  const ConvShape& s = shape_;
  const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(at.group) * out_blocks_ + block;
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w * kChannelBlock;
  ConvS8Tile t{};
  t.src = source.pixel(at.y, at.x);
  t.src_block = source.block;
  t.src_tap_h = source.tap_h;
  t.src_tap_w = source.tap_w;
  t.src_pixel = source.step_w;
  t.blocks = static_cast<int>(channel_blocks(s.group_in()));
  t.last_groups = static_cast<int>(ceil_div(s.group_in() - (t.blocks - 1) * kChannelBlock, kS8Group));
  t.taps_h = s.kernel_h;
  t.taps_w = s.kernel_w;
  if (source.taps_are_groups) {
    t.last_groups = t.taps_w;
    t.taps_w = 1;
  }
  t.weights = args_.weights + out_block * weights_oc_block_;
  t.weights_oc_block = weights_oc_block_;
  t.bias = args_.bias + out_block * kChannelBlock;
  t.requantize = &args_.requantize;
  t.multiplier = args_.requantize.multiplier + out_block * kChannelBlock;
  t.dst = args_.dst;
  t.dst_at = (static_cast<std::ptrdiff_t>(at.image) * s.groups * out_blocks_ + out_block) * plane +
             (static_cast<std::ptrdiff_t>(at.y) * geometry_.width + at.x) * kChannelBlock;
  t.dst_pixel = kChannelBlock;
  t.dst_oc_block = plane;
  t.last_lanes = kChannelBlock;
  t.ahead = ahead ? ahead : t.weights;
  t.ahead_step = ahead ? kS8GroupWeights : 0;
  if (!ahead && geometry_.flat && !geometry_.copied) {
    // Short runs from many blocks are more than the processor follows by itself.
    t.ahead = t.src + kTilesAhead * at.count * source.step_w;
    t.ahead_step = kConvS8Line;
    t.ahead_block = source.block;
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
  kernel_.tile(t, at.count, blocks);
  if (!args_.requantize.bytes && block + steps * blocks == out_blocks_) {
    clear_padding_lanes(static_cast<float*>(args_.dst) + t.dst_at + (steps * blocks - 1) * plane,
                        at.count * at.tiles, s.group_out() - (out_blocks_ - 1) * kChannelBlock);
  }
}

}  // namespace

std::span<const ConvS8Kernel> conv_s8_kernels() { return kConvS8Kernels; }

const ConvS8Kernel* select_conv_s8(Isa level) { return best_kernel(conv_s8_kernels(), level); }

const char* conv_s8_refusal(const ConvShape& shape, bool planar) {
  if (planar && (shape.groups != 1 || shape.in_channels > kS8Group))
    return "plain images have at most 4 channels";
  return conv_refusal(shape);
}

ConvS8Configs conv_s8_configs(const ConvS8Kernel& kernel, const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  const int out_blocks = static_cast<int>(channel_blocks(s.group_out()));
  const std::ptrdiff_t weights =
      round_up(s.group_in(), kS8Group) * s.kernel_h * s.kernel_w * round_up(s.group_out(), kChannelBlock);
  constexpr std::ptrdiff_t kFewWeights = 24 * 1024;  // stay in the first-level cache
  ConvS8Configs all;
  const auto add = [&](int blocks, bool inner) {
    ConvS8Config config;
    config.oc_blocks = kernel.oc_blocks_at_most(std::min(blocks, out_blocks));
    config.pixels = kernel.max_pixels(config.oc_blocks);
    config.oc_inner = inner;
    if (all.count == ConvS8Configs::kMax) return;
    if (std::find(all.configs, all.configs + all.count, config) == all.configs + all.count)
      all.configs[all.count++] = config;
  };
  const bool few = weights <= kFewWeights;
  const int line = s.pointwise() ? s.out_h * s.out_w : s.out_w;
  const int best = line <= kernel.max_pixels(kernel.oc_blocks_at_most(4))   ? 4
                   : line <= kernel.max_pixels(kernel.oc_blocks_at_most(3)) ? 3
                                                                            : 2;
  add(best, few);
  add(best, !few);
  add(best == 3 ? 2 : 3, few);
  add(best == 4 ? 2 : 4, few);
  return all;
}

std::size_t conv_s8_scratch_size(const ConvS8Kernel& kernel, const ConvS8Args& args, int threads) {
  if (args.shape.empty()) return 0;
  S8Geometry geometry(kernel, args);
  geometry.cut_image(kernel.max_pixels(1));
  return static_cast<std::size_t>(geometry.scratch_bytes() * threads);
}

void conv_s8_run(const ConvS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                 ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const S8Walk walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv_s8(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv_s8(cpu::KernelRegistry& registry) { registry.add(cpu::conv_s8_kernels()); }

}  // namespace tenon
