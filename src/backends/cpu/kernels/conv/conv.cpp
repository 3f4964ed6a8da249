#include "backends/cpu/kernels/conv/conv.hpp"

#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

#define TENON_CONV_KERNEL(isa, name, pixels1, pixels2, pixels4) \
  void name(const ConvTile& tile, ConvAccess access, int pixels, int oc_blocks) noexcept;
#include "backends/cpu/kernels/conv/kernels.inc"
#undef TENON_CONV_KERNEL

namespace {

constexpr ConvKernel kConvKernels[] = {
#define TENON_CONV_KERNEL(isa, name, pixels1, pixels2, pixels4) \
  {{"conv", #name, Isa::isa}, {pixels1, pixels2, pixels4}, name},
#include "backends/cpu/kernels/conv/kernels.inc"
#undef TENON_CONV_KERNEL
};

constexpr int kMostMerged = 8;  // groups; beyond, hardly a product is with a weight

// What is the same for all tiles.
ConvTile common_tile(const ConvShape& s, const Activation& act, int in_blocks) {
  const std::ptrdiff_t tap = kChannelBlock * kChannelBlock;
  ConvTile t{};
  t.src_block = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w * kChannelBlock;
  t.src_tap_h = static_cast<std::ptrdiff_t>(s.dilation_h) * s.in_w * kChannelBlock;
  t.src_tap_w = static_cast<std::ptrdiff_t>(s.dilation_w) * kChannelBlock;
  t.taps_h = s.kernel_h;
  t.taps_w = s.kernel_w;
  t.weights_tap_w = tap;
  t.weights_tap_h = tap * s.kernel_w;
  t.weights_block = t.weights_tap_h * s.kernel_h;
  t.weights_oc_block = t.weights_block * in_blocks;
  t.dst_pixel = kChannelBlock;
  t.dst_oc_block = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w * kChannelBlock;
  t.act = act;
  t.tiles = 1;
  t.row_step = s.dilation_h;
  t.column_step = s.dilation_w;
  t.src_h = s.in_h;
  t.src_w = s.in_w;
  return t;
}

// One task's walk over (image, group, output channel blocks, tile of pixels), the last two in the config's
// order.
class Walk {
 public:
  Walk(const ConvKernel& kernel, const ConvArgs& args);

  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups * oc_steps_ * tiles_;
  }
  void run(std::ptrdiff_t begin, std::ptrdiff_t end) const;

  // A tile that fetches no weights of its own can fetch a line with each tap and input channel.
  std::ptrdiff_t lines_ahead() const { return far_channels() * shape_.kernel_h * shape_.kernel_w; }

 private:
  struct Position {
    int image;
    int group;
    int oc_step;
    int tile;
  };

  Position position(std::ptrdiff_t unit) const;
  void run_tiles(const Position& p, int tiles, int pass) const;
  void run_steps(const Position& p, int steps, int tiles, int pass) const;
  void run_blocks(const Position& p, int block, int blocks, int steps, int tiles, int pass) const;
  bool fetches_own() const { return !args_.config.oc_inner && tiles_ > 1; }
  // Tiles of an output step that fetch weights of this convolution.
  int own_tiles() const { return fetches_own() ? std::min(oc_blocks_ * ahead_parts_, tiles_) : 0; }
  int far_tiles() const { return tiles_ - own_tiles(); }
  // Input channels that pass by in all of the tiles that fetch args.ahead.
  std::ptrdiff_t far_channels() const {
    return static_cast<std::ptrdiff_t>(shape_.batch) * shape_.groups * oc_steps_ * far_tiles() *
           shape_.group_in();
  }
  void look_ahead(ConvTile& t, int blocks, int tile) const;
  void look_far_ahead(ConvTile& t, const Position& p, int pass, int tiles) const;
  void run_pixels(ConvTile& t, int oc_blocks, int y, int x, int count) const;

  const ConvKernel& kernel_;
  const ConvArgs& args_;
  ConvShape shape_;  // merged
  int in_blocks_;
  int out_blocks_;
  int oc_blocks_;
  int oc_steps_;
  int row_tiles_;  // per row, or per image where tiles are not cut by rows
  int tiles_;
  int tile_pixels_;
  int passes_;
  int pass_blocks_;
  int ahead_parts_;
  bool by_rows_;
  bool pointwise_;
  bool clears_padding_;
  ConvTile common_;
};

Walk::Walk(const ConvKernel& kernel, const ConvArgs& args)
    : kernel_(kernel), args_(args), shape_(conv_merged(args.shape)) {
  in_blocks_ = static_cast<int>(channel_blocks(shape_.group_in()));
  out_blocks_ = static_cast<int>(channel_blocks(shape_.group_out()));
  oc_blocks_ = kernel.oc_blocks_at_most(args.config.oc_blocks);
  oc_steps_ = static_cast<int>(ceil_div(out_blocks_, oc_blocks_));
  pointwise_ = shape_.pointwise();
  by_rows_ = args.config.rows && !pointwise_;
  const int line = by_rows_ ? shape_.out_w : shape_.out_h * shape_.out_w;
  const int most = std::clamp(args.config.pixels, 1, kernel.max_pixels(oc_blocks_));
  row_tiles_ = static_cast<int>(ceil_div(line, most));
  tile_pixels_ = static_cast<int>(ceil_div(line, row_tiles_));
  tiles_ = by_rows_ ? row_tiles_ * shape_.out_h : row_tiles_;
  pass_blocks_ = args.config.oc_inner || args.config.ic_blocks == 0 ? in_blocks_ : args.config.ic_blocks;
  // About half of the tiles share the fetching, so that it leaves memory time.
  ahead_parts_ = tiles_ >= 8 * oc_blocks_ ? 4 : tiles_ >= 4 * oc_blocks_ ? 2 : 1;
  clears_padding_ = !args.act.keeps_zero();
  common_ = common_tile(shape_, args.act, in_blocks_);
  passes_ = in_blocks_ == 0 ? 1 : static_cast<int>(ceil_div(in_blocks_, pass_blocks_));
}

Walk::Position Walk::position(std::ptrdiff_t unit) const {
  Position p{};
  if (args_.config.oc_inner) {
    p.oc_step = static_cast<int>(unit % oc_steps_);
    unit /= oc_steps_;
  }
  p.tile = static_cast<int>(unit % tiles_);
  unit /= tiles_;
  if (!args_.config.oc_inner) {
    p.oc_step = static_cast<int>(unit % oc_steps_);
    unit /= oc_steps_;
  }
  p.group = static_cast<int>(unit % shape_.groups);
  p.image = static_cast<int>(unit / shape_.groups);
  return p;
}

// Whatever shares a unit of the outer dimension is done together, and with several passes a pass of it before
// the next.
void Walk::run(std::ptrdiff_t begin, std::ptrdiff_t end) const {
  while (begin < end) {
    const Position p = position(begin);
    const bool inner = args_.config.oc_inner;
    const int left = inner ? oc_steps_ - p.oc_step : tiles_ - p.tile;
    const int count = static_cast<int>(std::min<std::ptrdiff_t>(end - begin, left));
    if (inner) {
      run_steps(p, count, 1, 0);
    } else {
      for (int pass = 0; pass < passes_; ++pass) run_tiles(p, count, pass);
    }
    begin += count;
  }
}

// `tiles` tiles of one step, those together that differ in nothing but their place.
void Walk::run_tiles(const Position& p, int tiles, int pass) const {
  Position at = p;
  const int end = p.tile + tiles;
  const int full = pointwise_ ? shape_.out_h * shape_.out_w / tile_pixels_ : 0;
  while (at.tile < end) {
    const bool ahead = at.tile < own_tiles();
    const int count = ahead || at.tile >= full ? 1 : std::min(end, full) - at.tile;
    run_steps(at, 1, count, pass);
    at.tile += count;
  }
}

// One tile in `steps` steps, or `tiles` tiles in one.
void Walk::run_steps(const Position& p, int steps, int tiles, int pass) const {
  const int begin = p.oc_step * oc_blocks_;
  const int end = std::min((p.oc_step + steps) * oc_blocks_, out_blocks_);
  Position at = p;
  int block = begin;
  if (const int whole = (end - begin) / oc_blocks_) {
    run_blocks(at, block, oc_blocks_, whole, tiles, pass);
    block += whole * oc_blocks_;
    at.oc_step += whole;
  }
  while (block < end) {
    const int blocks = kernel_.oc_blocks_at_most(end - block);
    run_blocks(at, block, blocks, 1, tiles, pass);
    block += blocks;
  }
}

void Walk::run_blocks(const Position& p, int block, int blocks, int steps, int tiles, int pass) const {
  const ConvShape& s = shape_;
  int y = by_rows_ ? p.tile / row_tiles_ : 0;
  int x = (by_rows_ ? p.tile % row_tiles_ : p.tile) * tile_pixels_;
  const int count = std::min(tile_pixels_, (by_rows_ ? s.out_w : s.out_h * s.out_w) - x);
  if (!by_rows_ && !pointwise_) {
    y = x / s.out_w;
    x = x % s.out_w;
  }

  const int block_begin = pass * pass_blocks_;
  const int block_end = std::min(block_begin + pass_blocks_, in_blocks_);
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(p.image) * s.groups + p.group;
  const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(p.group) * out_blocks_ + block;
  const std::ptrdiff_t out = (group * out_blocks_ + block) * common_.dst_oc_block +
                             (static_cast<std::ptrdiff_t>(y) * s.out_w + x) * kChannelBlock;
  ConvTile t = common_;
  t.src = args_.src + (group * in_blocks_ + block_begin) * t.src_block;
  t.blocks = block_end - block_begin;
  t.last_lanes = block_end == in_blocks_ ? s.group_in() - (in_blocks_ - 1) * kChannelBlock : kChannelBlock;
  t.weights = args_.weights + out_block * t.weights_oc_block + block_begin * t.weights_block;
  t.bias = args_.bias ? args_.bias + out_block * kChannelBlock : nullptr;
  t.dst = args_.dst + out;
  t.residual = args_.residual ? args_.residual + out : nullptr;
  t.first = block_begin == 0;
  t.last = block_end == in_blocks_;
  if (steps > 1) {
    t.tiles = steps;
    t.next_weights = blocks * t.weights_oc_block;
    t.next_bias = blocks * kChannelBlock;
    t.next_dst = blocks * t.dst_oc_block;
  } else if (tiles > 1) {
    t.tiles = tiles;
    t.next_src = static_cast<std::ptrdiff_t>(count) * kChannelBlock;
    t.next_dst = t.next_src;
  }
  if (p.tile < own_tiles()) {
    look_ahead(t, blocks, p.tile);
  } else if (!args_.ahead.empty()) {
    look_far_ahead(t, p, pass, t.tiles);
  }
  run_pixels(t, blocks, y, x, count);
  if (t.last && clears_padding_ && block + steps * blocks == out_blocks_) {
    clear_padding_lanes(args_.dst + out + (steps * blocks - 1) * t.dst_oc_block, count * tiles,
                        s.group_out() - (out_blocks_ - 1) * kChannelBlock);
  }
}

// The weights of the next pass, or of the next step's first, are fetched by the first tiles of a pass: each
// takes a part of one output block's.
void Walk::look_ahead(ConvTile& t, int blocks, int tile) const {
  const int block = tile / ahead_parts_;
  if (block >= blocks) return;
  const std::ptrdiff_t pass = pass_blocks_ * t.weights_block;
  const std::ptrdiff_t next = t.last ? blocks * t.weights_oc_block - (passes_ - 1) * pass : pass;
  t.ahead = t.weights + next + block * t.weights_oc_block + tile % ahead_parts_ * (pass / ahead_parts_);
  t.ahead_step = kChannelBlock / ahead_parts_;
}

// What is read after the convolution is spread evenly over the other tiles, in the order in which they are
// done.
void Walk::look_far_ahead(ConvTile& t, const Position& p, int pass, int tiles) const {
  const std::ptrdiff_t group = static_cast<std::ptrdiff_t>(p.image) * shape_.groups + p.group;
  const std::ptrdiff_t channels = static_cast<std::ptrdiff_t>(t.blocks - 1) * kChannelBlock + t.last_lanes;
  const std::ptrdiff_t before = args_.config.oc_inner ? (group * tiles_ + p.tile) * oc_steps_ + p.oc_step
                                                      : (group * oc_steps_ + p.oc_step) * far_tiles();
  std::ptrdiff_t first = before * shape_.group_in();
  if (!args_.config.oc_inner) {
    first += static_cast<std::ptrdiff_t>(far_tiles()) * pass * pass_blocks_ * kChannelBlock +
             (p.tile - own_tiles()) * channels;
  }
  const auto all = static_cast<std::ptrdiff_t>(args_.ahead.size() / sizeof(float));
  const std::ptrdiff_t begin = all * first / far_channels();
  const std::ptrdiff_t end = ceil_div(all * (first + channels * tiles), far_channels());
  t.ahead = reinterpret_cast<const float*>(args_.ahead.data()) + begin;
  t.ahead_step =
      std::min<std::ptrdiff_t>(ceil_div(end - begin, channels * tiles * t.taps_h * t.taps_w), kChannelBlock);
}

// `count` pixels from (y, x) on, in the order of the flattened image.
void Walk::run_pixels(ConvTile& t, int oc_blocks, int y, int x, int count) const {
  const ConvShape& s = shape_;
  if (pointwise_) {
    t.src += (static_cast<std::ptrdiff_t>(y) * s.in_w + x) * kChannelBlock;
    kernel_.tile(t, ConvAccess::row, count, oc_blocks);
    return;
  }
  const int row = y * s.stride_h - s.pad_top;
  const int column = x * s.stride_w - s.pad_left;
  int base = 0;
  if (x + count <= s.out_w) {
    const Range taps = taps_inside(row, s.dilation_h, s.kernel_h, s.in_h);
    t.taps_h = taps.end - taps.begin;
    t.weights += taps.begin * t.weights_tap_h;
    base = taps.begin * s.dilation_h;
    const int last_column = column + (count - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w;
    if (s.stride_w <= 2 && column >= 0 && last_column < s.in_w) {
      t.src += (static_cast<std::ptrdiff_t>(row + base) * s.in_w + column) * kChannelBlock;
      kernel_.tile(t, s.stride_w == 1 ? ConvAccess::row : ConvAccess::row2, count, oc_blocks);
      return;
    }
  }
  int rows[kConvMostPixels];
  int columns[kConvMostPixels];
  for (int p = 0; p < count; ++p) {
    rows[p] = y * s.stride_h - s.pad_top + base;
    columns[p] = x * s.stride_w - s.pad_left;
    if (++x == s.out_w) {
      x = 0;
      ++y;
    }
  }
  t.row = rows;
  t.column = columns;
  kernel_.tile(t, ConvAccess::gather, count, oc_blocks);
}

}  // namespace

std::span<const ConvKernel> conv_kernels() { return kConvKernels; }

const ConvKernel* select_conv(Isa level) { return best_kernel(conv_kernels(), level); }

ConvShape conv_merged(const ConvShape& shape) {
  ConvShape merged = shape;
  const auto whole = [&] {
    return merged.groups == 1 ||
           (merged.group_in() % kChannelBlock == 0 && merged.group_out() % kChannelBlock == 0);
  };
  for (int count = 2; !whole(); ++count) {
    if (shape.groups % count == 0) merged.groups = shape.groups / count;
  }
  return merged;
}

const char* conv_refusal(const ConvShape& s) {
  if (s.groups > kMostMerged * conv_merged(s).groups) {
    return "too many groups share a block of 16 channels";
  }
  return nullptr;
}

std::ptrdiff_t conv_lines_ahead(const ConvKernel& kernel, const ConvArgs& args) {
  return args.shape.empty() ? 0 : Walk(kernel, args).lines_ahead();
}

void conv_run(const ConvKernel& kernel, const ConvArgs& args, ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const Walk walk(kernel, args);
  pool.run_ranges(static_cast<std::size_t>(walk.units()), 1,
                  [&walk](std::size_t begin, std::size_t end, int) {
                    walk.run(static_cast<std::ptrdiff_t>(begin), static_cast<std::ptrdiff_t>(end));
                  });
}

}  // namespace tenon::cpu

namespace tenon {

void register_cpu_kernel_conv(cpu::KernelRegistry& registry);
void register_cpu_kernel_conv(cpu::KernelRegistry& registry) { registry.add(cpu::conv_kernels()); }

}  // namespace tenon
