// The driver of transposed convolutions over the tiles that convolutions have. Output pixels whose distance
// is a multiple of the stride are one class: they meet the same taps, at neighbouring inputs, and are a
// convolution of stride 1, whose tiles write every stride_w-th pixel. So there is no scattering, and nothing
// is multiplied that is not part of a sum.
//
// Weights are packed class by class (row of outputs first), in each as pack.hpp says, with the taps that the
// class meets; all classes together have as many as the filter. Written once over a Form, that of walk.hpp
// with also
//
//   static void set_class(const Args&, std::ptrdiff_t index, Tile&);     what differs by class, but weights
#pragma once

#include "backends/cpu/kernels/band/config.hpp"
#include "backends/cpu/kernels/band/geometry.hpp"
#include "backends/cpu/kernels/deconv/taps.hpp"
#include "base/thread_pool.hpp"

namespace tenon::cpu {

// The taps that one class meets.
struct TransposedClass {
  Taps rows;
  Taps columns;

  TransposedClass(const ConvShape& s, int phase_y, int phase_x);

  int count() const { return rows.count * columns.count; }
  // The i-th of them in the filter.
  int filter_tap(const ConvShape& s, int i) const {
    return (rows.first + i / columns.count * rows.step) * s.kernel_w + columns.first +
           i % columns.count * columns.step;
  }
};

// run(class) for each, in the order in which they are packed.
template <class Run>
void for_each_class(const ConvShape& s, Run run) {
  for (int y = 0; y < s.stride_h; ++y) {
    for (int x = 0; x < s.stride_w; ++x) run(TransposedClass(s, y, x));
  }
}

// The convolution of stride 1 whose window holds the taps of every class; an output of it is one of each.
struct TransposedWhole {
  explicit TransposedWhole(const ConvShape& s);

  int least_row = 0;  // that the first output of any class reads
  int least_column = 0;
  ConvShape shape;
};

// The configs worth trying, best guess first; oc_inner is not used.
BandConfigs transposed_configs(const BandTileSizes& sizes, const ConvShape& shape);

// Units are (image, group, band of rows of the whole).
template <class Form>
class TransposedWalk {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;
  using Tile = typename Form::Tile;

  TransposedWalk(const Kernel& kernel, const Args& args, std::byte* scratch, int threads)
      : kernel_(kernel),
        args_(args),
        s_(conv_merged(args.shape)),
        whole_(args.shape),
        source_args_(source_args(args, whole_)),
        geometry_(geometry(kernel, source_args_)),
        scratch_(scratch),
        out_blocks_(static_cast<int>(channel_blocks(s_.group_out()))),
        tap_weights_(round_up(s_.group_in(), Form::kGroup) * kChannelBlock),
        band_(geometry_.most_rows()) {
    if (threads > 1) {
      const std::ptrdiff_t outer = static_cast<std::ptrdiff_t>(s_.batch) * s_.groups;
      const std::ptrdiff_t wanted = ceil_div(static_cast<std::ptrdiff_t>(kUnitsPerThread) * threads, outer);
      band_ = std::min(band_, std::max(1, static_cast<int>(geometry_.rows / wanted)));
    }
    bands_ = static_cast<int>(ceil_div(geometry_.rows, band_));
  }

  static std::size_t scratch_size(const Kernel& kernel, const Args& args, int threads) {
    const BandGeometry g = geometry(kernel, source_args(args, TransposedWhole(args.shape)), true);
    return static_cast<std::size_t>(g.scratch_bytes(1) * threads);
  }

  std::ptrdiff_t units() const { return static_cast<std::ptrdiff_t>(s_.batch) * s_.groups * bands_; }

  void run(std::ptrdiff_t unit, int worker) const {
    const int begin = static_cast<int>(unit % bands_) * band_;
    const int end = std::min(begin + band_, geometry_.rows);
    unit /= bands_;
    const int group = static_cast<int>(unit % s_.groups), image = static_cast<int>(unit / s_.groups);
    const BandSource source = Form::source(geometry_, kernel_, source_args_, image, group, begin, end,
                                           scratch_ + worker * geometry_.band_bytes(geometry_.most_rows()));
    const int most = kernel_.oc_blocks_at_most(std::max(args_.config.oc_blocks, 1));
    for (int y = begin * s_.stride_h; y < std::min(end * s_.stride_h, s_.out_h); ++y) {
      for (int block = 0; block < out_blocks_;) {
        const int blocks = kernel_.oc_blocks_at_most(std::min(most, out_blocks_ - block));
        run_row(source, image, group, y, block, blocks);
        block += blocks;
      }
    }
  }

 private:
  static constexpr int kUnitsPerThread = 4;

  static Args source_args(const Args& args, const TransposedWhole& whole) {
    Args result = args;
    result.shape = whole.shape;
    result.planar = false;
    return result;
  }

  // `largest`: as walk.hpp, a larger image may need no copy where a smaller one does.
  static BandGeometry geometry(const Kernel& kernel, const Args& source_args, bool largest = false) {
    BandForm form = Form::band(kernel, source_args);
    form.always_copied = form.always_copied || (largest && !conv_merged(source_args.shape).pointwise());
    BandGeometry g(source_args.shape, form);
    g.flat = false;  // rows of outputs do not lie one after the other
    return g;
  }

  // One row of outputs of `blocks` blocks.
  void run_row(const BandSource& source, int image, int group, int y, int block, int blocks) const {
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s_.out_h) * s_.out_w * kChannelBlock;
    const std::ptrdiff_t out_block = static_cast<std::ptrdiff_t>(group) * out_blocks_ + block;
    const int phase_y = y % s_.stride_h;
    const std::ptrdiff_t row_at =
        (static_cast<std::ptrdiff_t>(image) * s_.groups * out_blocks_ + out_block) * plane +
        static_cast<std::ptrdiff_t>(y) * s_.out_w * kChannelBlock;
    std::ptrdiff_t above = taps_above(phase_y);  // taps of the classes before
    for (int phase_x = 0; phase_x < std::min(s_.stride_w, s_.out_w); ++phase_x) {
      const TransposedClass taps(s_, phase_y, phase_x);
      Tile t{};
      t.src_block = source.block;
      t.src_tap_h = -taps.rows.source_step * source.tap_h;
      t.src_tap_w = -taps.columns.source_step * source.tap_w;
      t.src_pixel = source.step_w;
      t.blocks = static_cast<int>(channel_blocks(s_.group_in()));
      t.last_groups =
          static_cast<int>(ceil_div(s_.group_in() - (t.blocks - 1) * kChannelBlock, Form::kGroup));
      t.taps_h = taps.columns.count > 0 ? taps.rows.count : 0;
      t.taps_w = taps.columns.count;
      t.weights_oc_block = taps.count() * tap_weights_;
      Form::set_operands(args_, out_block, t);
      Form::set_class(args_, static_cast<std::ptrdiff_t>(phase_y) * s_.stride_w + phase_x, t);
      t.weights += above * tap_weights_ * s_.groups * out_blocks_;
      above += taps.count();
      t.dst_pixel = static_cast<std::ptrdiff_t>(s_.stride_w) * kChannelBlock;
      t.dst_oc_block = plane;
      t.last_lanes = kChannelBlock;
      t.ahead = t.weights;
      const std::ptrdiff_t first = taps.count() == 0
                                       ? 0
                                       : (taps.rows.source - whole_.least_row) * source.tap_h +
                                             (taps.columns.source - whole_.least_column) * source.tap_w;
      run_pixels(t, source.pixel(y / s_.stride_h, 0) + first, row_at + phase_x * kChannelBlock,
                 static_cast<int>(ceil_div(s_.out_w - phase_x, s_.stride_w)), blocks);
    }
    if (block + blocks == out_blocks_) {
      Form::clear_padding(args_, row_at + (blocks - 1) * plane, s_.out_w,
                          s_.group_out() - (out_blocks_ - 1) * kChannelBlock);
    }
  }

  // `count` pixels of a class, as few tiles as that takes, of nearly the same size.
  void run_pixels(Tile& t, const std::byte* src, std::ptrdiff_t dst_at, int count, int blocks) const {
    const int most = std::clamp(args_.config.pixels, 1, kernel_.max_pixels(blocks));
    const int pixels = static_cast<int>(ceil_div(count, ceil_div(count, most)));
    t.src = src;
    t.dst_at = dst_at;
    t.tiles = count / pixels;
    t.next_src = pixels * t.src_pixel;
    t.next_dst = pixels * t.dst_pixel;
    kernel_.tile(t, pixels, blocks);
    const int rest = count % pixels;
    if (rest == 0) return;
    t.src += t.tiles * t.next_src;
    t.dst_at += t.tiles * t.next_dst;
    t.tiles = 1;
    kernel_.tile(t, rest, blocks);
  }

  // Taps of the classes before the first of a row.
  int taps_above(int phase_y) const {
    int taps = 0;
    for (int y = 0; y < phase_y; ++y) taps += TransposedClass(s_, y, 0).rows.count * s_.kernel_w;
    return taps;
  }

  const Kernel& kernel_;
  const Args& args_;
  ConvShape s_;  // merged
  TransposedWhole whole_;
  Args source_args_;
  BandGeometry geometry_;  // of the whole
  std::byte* scratch_;
  int out_blocks_;
  std::ptrdiff_t tap_weights_;  // of a block of outputs
  int band_;                    // rows of the whole
  int bands_;
};

// scratch: whole cache lines, as many for each thread.
template <class Form>
std::size_t transposed_scratch_size(const typename Form::Kernel& kernel, const typename Form::Args& args,
                                    int threads) {
  return args.shape.empty() ? 0 : TransposedWalk<Form>::scratch_size(kernel, args, threads);
}

template <class Form>
void transposed_run(const typename Form::Kernel& kernel, const typename Form::Args& args, std::byte* scratch,
                    ThreadPool& pool) {
  if (args.shape.empty()) return;
  const TransposedWalk<Form> walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
