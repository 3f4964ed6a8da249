// The driver for plain NCHW input: bands of output rows, in tiles within a row; the tiles of one column of a
// band are done together. Where rows need pixels left or right of the input, what a band reads is copied
// first, with zeros beside it, into the worker's scratch: a border of single pixels would wait for its own
// sums.
#include "backends/cpu/kernels/conv/conv.hpp"
#include "backends/cpu/kernels/conv/range.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>
#include <cstddef>

namespace tenon::cpu {

namespace {

// Columns that an output row reads, the padding included.
std::ptrdiff_t columns_read(const ConvShape& s) {
  return static_cast<std::ptrdiff_t>(s.out_w - 1) * s.stride_w +
         static_cast<std::ptrdiff_t>(s.kernel_w - 1) * s.dilation_w + 1;
}

bool needs_padding(const ConvShape& s) { return s.pad_left > 0 || columns_read(s) > s.in_w; }

// Rows of input, inside of it or not, between the first and the last that `rows` output rows read.
std::ptrdiff_t rows_read(const ConvShape& s, std::ptrdiff_t rows) {
  return (rows - 1) * s.stride_h + static_cast<std::ptrdiff_t>(s.kernel_h - 1) * s.dilation_h + 1;
}

// A band's input, padded, should stay in the first-level cache.
constexpr std::ptrdiff_t kBandFloats = 4096;

std::ptrdiff_t most_rows(const ConvShape& s) {
  const std::ptrdiff_t row = columns_read(s) * s.in_channels;
  const std::ptrdiff_t beside_first = kBandFloats / std::max<std::ptrdiff_t>(row, 1) - rows_read(s, 1);
  return std::clamp<std::ptrdiff_t>(beside_first / s.stride_h + 1, 1, s.out_h);
}

// Floats of scratch of one worker.
std::ptrdiff_t band_size(const ConvShape& s) {
  if (s.empty() || !needs_padding(s)) return 0;
  const std::ptrdiff_t rows = std::min<std::ptrdiff_t>(rows_read(s, most_rows(s)), s.in_h);
  return round_up(rows * columns_read(s) * s.in_channels, kChannelBlock);
}

// Bands are only as high as leaves each thread a few of them.
constexpr int kBandsPerThread = 4;

class PlanarWalk {
 public:
  PlanarWalk(const ConvKernel& kernel, const ConvArgs& args, float* scratch, int threads)
      : kernel_(kernel),
        args_(args),
        shape_(args.shape),
        scratch_(scratch),
        scratch_size_(band_size(args.shape)),
        out_blocks_(static_cast<int>(channel_blocks(shape_.out_channels))) {
    const int oc_blocks = kernel.oc_blocks_at_most(args.config.oc_blocks);
    oc_blocks_ = oc_blocks;
    oc_steps_ = static_cast<int>(ceil_div(out_blocks_, oc_blocks));
    max_pixels_ = std::clamp(args.config.pixels, 1, kernel.max_pixels(oc_blocks));
    const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(shape_.batch) * oc_steps_ * shape_.out_h;
    const std::ptrdiff_t share = threads == 1 ? rows : ceil_div(rows, kBandsPerThread * threads);
    band_ = static_cast<int>(std::min(most_rows(shape_), share));
    bands_ = static_cast<int>(ceil_div(shape_.out_h, band_));
  }

  // A unit is a band of output rows of one step of output channels.
  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(shape_.batch) * oc_steps_ * bands_; }

  void run(std::ptrdiff_t unit, int worker) const {
    const bool inner = args_.config.oc_inner;
    const std::ptrdiff_t fast = inner ? oc_steps_ : bands_;
    const std::ptrdiff_t slow = inner ? bands_ : oc_steps_;
    const int a = static_cast<int>(unit % fast);
    const int b = static_cast<int>(unit / fast % slow);
    const int image = static_cast<int>(unit / (fast * slow));
    const int begin = (inner ? b : a) * band_;
    const int end = std::min(begin + band_, shape_.out_h);
    const Source source = source_of(image, begin, end, worker);
    // Rows whose windows reach out of the input alike are done together.
    for (int y = begin; y < end;) {
      const Range taps = taps_at(y);
      int next = y + 1;
      while (next < end && taps_at(next) == taps) ++next;
      run_rows(source, image, inner ? a : b, y, next, taps);
      y = next;
    }
  }

 private:
  // Where the rows of an image are read from.
  struct Source {
    const float* first;  // of row `first_row` of channel 0, the first column that any output reads
    int first_row;
    std::ptrdiff_t channel;
    std::ptrdiff_t row;
  };

  Source source_of(int image, int begin, int end, int worker) const {
    const ConvShape& s = shape_;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
    const float* from = args_.src + image * s.in_channels * plane;
    if (scratch_size_ == 0) return {from, 0, plane, s.in_w};

    const std::ptrdiff_t above = static_cast<std::ptrdiff_t>(begin) * s.stride_h - s.pad_top;
    const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(above, 0, s.in_h);
    const std::ptrdiff_t last = std::clamp<std::ptrdiff_t>(above + rows_read(s, end - begin), first, s.in_h);
    const std::ptrdiff_t columns = columns_read(s);
    const std::ptrdiff_t left = std::min<std::ptrdiff_t>(s.pad_left, columns);
    const std::ptrdiff_t copied = std::min<std::ptrdiff_t>(s.in_w, columns - left);
    float* to = scratch_ + worker * scratch_size_;
    const Source padded{to, static_cast<int>(first), (last - first) * columns, columns};
    for (int c = 0; c < s.in_channels; ++c, from += plane) {
      for (std::ptrdiff_t row = first; row < last; ++row, to += columns) {
        std::fill(to, to + left, 0.0F);
        std::copy_n(from + row * s.in_w, copied, to + left);
        std::fill(to + left + copied, to + columns, 0.0F);
      }
    }
    return padded;
  }

  // The taps of output row y that lie in the input.
  Range taps_at(int y) const {
    return taps_inside(y * shape_.stride_h - shape_.pad_top, shape_.dilation_h, shape_.kernel_h, shape_.in_h);
  }

  // Output rows [y, end), all with these taps.
  void run_rows(const Source& source, int image, int oc_step, int y, int end_row, const Range& taps) const {
    const ConvShape& s = shape_;
    const std::ptrdiff_t out_plane = static_cast<std::ptrdiff_t>(s.out_h) * s.out_w * kChannelBlock;
    const int row = y * s.stride_h - s.pad_top;
    const float* first = source.first + (row + taps.begin * s.dilation_h - source.first_row) * source.row;

    ConvTile t{};
    t.src_block = source.channel;
    t.src_tap_h = s.dilation_h * source.row;
    t.src_tap_w = s.dilation_w;
    t.src_pixel = s.stride_w;
    t.blocks = s.in_channels;
    t.last_lanes = 1;
    t.taps_h = taps.end - taps.begin;
    t.taps_w = s.kernel_w;
    t.weights_tap_w = kChannelBlock;
    t.weights_tap_h = t.weights_tap_w * s.kernel_w;
    t.weights_block = t.weights_tap_h * s.kernel_h;
    t.weights_oc_block = t.weights_block * s.in_channels;
    t.dst_pixel = kChannelBlock;
    t.dst_oc_block = out_plane;
    t.first = true;
    t.last = true;
    t.act = args_.act;
    t.tiles = end_row - y;
    t.next_src = s.stride_h * source.row;
    t.next_dst = static_cast<std::ptrdiff_t>(s.out_w) * kChannelBlock;
    const ConvAccess access = s.stride_w == 1   ? ConvAccess::planar1
                              : s.stride_w == 2 ? ConvAccess::planar2
                                                : ConvAccess::planar;

    const int end = std::min((oc_step + 1) * oc_blocks_, out_blocks_);
    for (int block = oc_step * oc_blocks_; block < end;) {
      const int blocks = kernel_.oc_blocks_at_most(end - block);
      t.weights = args_.weights + block * t.weights_oc_block + taps.begin * t.weights_tap_h;
      const std::ptrdiff_t out = (static_cast<std::ptrdiff_t>(image) * out_blocks_ + block) * out_plane +
                                 static_cast<std::ptrdiff_t>(y) * s.out_w * kChannelBlock;
      t.bias = args_.bias ? args_.bias + block * kChannelBlock : nullptr;

      const int tiles = static_cast<int>(ceil_div(s.out_w, max_pixels_));
      for (int i = 0; i < tiles; ++i) {
        const int x = static_cast<int>(static_cast<std::ptrdiff_t>(s.out_w) * i / tiles);
        const int next = static_cast<int>(static_cast<std::ptrdiff_t>(s.out_w) * (i + 1) / tiles);
        t.src = first + static_cast<std::ptrdiff_t>(x) * s.stride_w;
        t.dst = args_.dst + out + static_cast<std::ptrdiff_t>(x) * kChannelBlock;
        t.residual = args_.residual ? args_.residual + (t.dst - args_.dst) : nullptr;
        kernel_.tile(t, access, next - x, blocks);
      }

      if (!args_.act.keeps_zero() && block + blocks == out_blocks_) {
        clear_padding_lanes(args_.dst + out + (blocks - 1) * out_plane, t.tiles * s.out_w,
                            s.out_channels - (out_blocks_ - 1) * kChannelBlock);
      }
      block += blocks;
    }
  }

  const ConvKernel& kernel_;
  const ConvArgs& args_;
  const ConvShape& shape_;
  float* scratch_;
  std::ptrdiff_t scratch_size_;  // of each worker
  int out_blocks_;
  int oc_blocks_ = 1;
  int oc_steps_ = 1;
  int max_pixels_ = 1;
  int band_ = 1;  // rows
  int bands_ = 1;
};

}  // namespace

std::size_t conv_planar_scratch_size(const ConvShape& shape, int threads) {
  return static_cast<std::size_t>(band_size(shape) * threads);
}

void conv_planar_run(const ConvKernel& kernel, const ConvArgs& args, float* scratch,
                     ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const PlanarWalk walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
