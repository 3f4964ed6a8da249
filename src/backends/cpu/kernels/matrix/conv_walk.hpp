// The driver of convolutions by tiles of matrices: units of work are a group, a band (arrangement.hpp) and a
// part of the output channels. Written once over a Form:
//
//   struct Form {
//     using Kernel, Args, Work = …;      Kernel: panel(work); Args: shape, config.oc_inner, weights, dst
//     static constexpr bool kTransposed;         whether args.shape is one that by_tap.hpp takes
//     static MatrixSource source(const Kernel&, const Args&);
//     static void set_epilogue(const Args&, std::ptrdiff_t block, Work&);    from that output block on
//     static void set_tap(const Args&, std::ptrdiff_t tap, Work&);           what else differs by tap
//     static void clear_padding(const Args&, std::ptrdiff_t at, std::ptrdiff_t pixels, int lanes);
//   };
#pragma once

#include "backends/cpu/kernels/band/config.hpp"
#include "backends/cpu/kernels/matrix/arrangement.hpp"
#include "backends/cpu/kernels/matrix/by_tap.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

// nullptr if tiles have something to multiply, else why not.
inline const char* conv_matrix_refusal(const ConvShape& shape) {
  const bool nothing = shape.in_channels == 0 || shape.kernel_h == 0 || shape.kernel_w == 0;
  return nothing ? "nothing is multiplied" : nullptr;
}

// The configs worth trying, best guess first, for elements of so many bytes. The pixels of a config are those
// of a band of a 1x1 convolution, 0 where as many may be as stay in the second-level cache: with those that
// stay in the first-level cache the second keeps what was there.
inline BandConfigs conv_matrix_configs(const ConvShape& shape, int element) {
  constexpr int kNearBytes = 24 * 1024, kLeastPixels = 64, kMostNearChannelBytes = 768;
  BandConfigs all;
  BandConfig config;
  config.pixels = 0;
  config.oc_blocks = kMatrixPair;
  all.configs[all.count++] = config;
  const ConvShape s = conv_merged(shape);
  const auto pixel = static_cast<int>(round_up(s.group_in() * element, kMatrixDepth));
  const int near = std::max(kNearBytes / pixel / kMatrixRows * kMatrixRows, kLeastPixels);
  const bool pointwise = s.kernel_h == 1 && s.kernel_w == 1;
  if (pointwise && pixel <= kMostNearChannelBytes && s.out_h * s.out_w > 2 * near) {
    config.pixels = near;
    all.configs[all.count++] = config;
    config.pixels = 0;
  }
  if (s.group_out() > kMatrixPair * kChannelBlock) {
    config.oc_inner = true;
    all.configs[all.count++] = config;
  }
  return all;
}

inline std::ptrdiff_t matrix_offset_bytes(const MatrixSteps& steps) {
  return round_up(steps.count() * static_cast<std::ptrdiff_t>(sizeof(std::ptrdiff_t)), 64);
}

// What a position of the arrangement stands for: the convolution's output, or a transposed one's at each tap.
template <class Form>
MatrixArrangement conv_matrix_arrangement(const typename Form::Kernel& kernel,
                                          const typename Form::Args& args) {
  const ConvShape& s = args.shape;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(s.out_w) * kChannelBlock, plane = s.out_h * row;
  MatrixPlaces places{kChannelBlock, row, conv_merged(s).groups * plane};
  places.image *= channel_blocks(conv_merged(s).group_out());
  if (!Form::kTransposed) return {s, Form::source(kernel, args), places};
  places.pixel *= s.stride_w;
  places.row *= s.stride_h;
  return {by_tap(s), Form::source(kernel, args), places};
}

template <class Form>
class ConvMatrixWalk {
 public:
  using Kernel = typename Form::Kernel;
  using Args = typename Form::Args;

  ConvMatrixWalk(const Kernel& kernel, const Args& args, std::byte* scratch, int threads)
      : kernel_(kernel),
        args_(args),
        arrangement_(conv_matrix_arrangement<Form>(kernel, args)),
        shape_(arrangement_.shape()),
        taps_(Form::kTransposed ? args.shape.kernel_h * args.shape.kernel_w : 1) {
    out_blocks_ = static_cast<int>(channel_blocks(shape_.group_out()));
    weights_block_ = static_cast<std::ptrdiff_t>(arrangement_.steps().count()) * kMatrixStepWeights;
    cut(threads);
    offsets_ = reinterpret_cast<std::ptrdiff_t*>(scratch);
    arrangement_.write_offsets(cut_, offsets_);
    bands_memory_ = scratch + matrix_offset_bytes(arrangement_.steps());
    band_bytes_ = arrangement_.bytes(cut_);
  }

  std::ptrdiff_t units() const {
    return static_cast<std::ptrdiff_t>(shape_.groups) * image_bands_ * row_bands_ * parts_;
  }

  void run(std::ptrdiff_t unit, int worker) const {
    const int part = static_cast<int>(unit % parts_);
    unit /= parts_;
    MatrixBand band{};
    band.row = static_cast<int>(unit % row_bands_) * cut_.rows;
    unit /= row_bands_;
    band.image = static_cast<int>(unit % image_bands_) * cut_.images;
    const int group = static_cast<int>(unit / image_bands_);
    band.rows = std::min(cut_.rows, arrangement_.rows() - band.row);
    band.images = std::min(cut_.images, shape_.batch - band.image);

    typename Form::Work work{};
    arrangement_.arrange(cut_, band, group, offsets_, bands_memory_ + worker * band_bytes_, work);
    if (part == parts_ - 1 && cut_.images == 1 && band.row + band.rows < arrangement_.rows()) {
      MatrixBand next = band;
      next.row += band.rows;
      next.rows = std::min(cut_.rows, arrangement_.rows() - next.row);
      work.ahead = arrangement_.source_of(next, group);
    }
    const int pairs = static_cast<int>(ceil_div(out_blocks_, kMatrixPair));
    const int first = part * pairs / parts_ * kMatrixPair;
    const int end = std::min((part + 1) * pairs / parts_ * kMatrixPair, out_blocks_);
    const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(group) * out_blocks_ + first;
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(args_.shape.out_w) * kChannelBlock;
    work.weights_block = weights_block_;
    work.blocks = end - first;
    work.blocks_inner = args_.config.oc_inner;
    work.dst = args_.dst;
    work.dst_row = Form::kTransposed ? args_.shape.stride_w * kChannelBlock : kChannelBlock;
    work.dst_block = args_.shape.out_h * row;
    work.last_lanes = kChannelBlock;
    for (int tap = 0; tap < taps_; ++tap) {
      work.weights =
          reinterpret_cast<const std::byte*>(args_.weights) +
          (static_cast<std::ptrdiff_t>(tap) * shape_.groups * out_blocks_ + block) * weights_block_;
      work.dst_first = block * work.dst_block;
      Form::set_epilogue(args_, block, work);
      if constexpr (Form::kTransposed) {
        work.dst_first += tap / args_.shape.kernel_w * row +
                          static_cast<std::ptrdiff_t>(tap % args_.shape.kernel_w) * kChannelBlock;
        Form::set_tap(args_, tap, work);
      }
      kernel_.panel(work);
      work.ahead.count = 0;
      if (end == out_blocks_) clear_last_lanes(work);
    }
  }

 private:
  // Units of work for each thread, so that one that falls behind has something to give away.
  static constexpr int kUnitsPerThread = 4;
  // Weights beyond this are read once per unit where that can be: units then are parts of the output
  // channels.
  static constexpr std::ptrdiff_t kManyWeights = 512 * 1024;
  // Elements of a band's results that stay in the second-level cache: each line of a transposed convolution
  // is written by several taps.
  static constexpr std::ptrdiff_t kNearResults = 256 * 1024;

  void cut(int threads) {
    cut_ = arrangement_.largest();
    if (arrangement_.by_pixels() && args_.config.pixels > 0)
      cut_ = {1, std::min(cut_.rows, args_.config.pixels)};
    if (taps_ > 1) {
      const std::ptrdiff_t position = static_cast<std::ptrdiff_t>(taps_) * out_blocks_ * kChannelBlock;
      const auto most =
          static_cast<int>(std::max<std::ptrdiff_t>(kNearResults / position, arrangement_.least_rows()));
      cut_.rows = std::min(cut_.rows, most);
      cut_.images = cut_.rows < arrangement_.rows() ? 1 : std::clamp(most / cut_.rows, 1, cut_.images);
    }
    const std::ptrdiff_t wanted =
        threads > 1 ? ceil_div(static_cast<std::ptrdiff_t>(kUnitsPerThread) * threads, shape_.groups) : 1;
    const auto pairs = ceil_div(out_blocks_, kMatrixPair);
    const bool many = weights_block_ * out_blocks_ * taps_ > kManyWeights;
    if (many) parts_ = static_cast<int>(std::min(wanted, pairs));
    const std::ptrdiff_t bands = std::max<std::ptrdiff_t>(1, wanted / parts_);
    if (shape_.batch >= bands || cut_.images > 1) {
      cut_.images = static_cast<int>(std::clamp<std::ptrdiff_t>(shape_.batch / bands, 1, cut_.images));
    }
    image_bands_ = static_cast<int>(ceil_div(shape_.batch, cut_.images));
    if (image_bands_ < bands) {
      const std::ptrdiff_t of_image = ceil_div(bands, image_bands_);
      const auto rows = std::max<std::ptrdiff_t>(arrangement_.rows() / of_image, arrangement_.least_rows());
      cut_.rows = static_cast<int>(std::min<std::ptrdiff_t>(cut_.rows, rows));
    }
    row_bands_ = static_cast<int>(ceil_div(arrangement_.rows(), cut_.rows));
    if (!many) {
      const std::ptrdiff_t done = static_cast<std::ptrdiff_t>(image_bands_) * row_bands_;
      parts_ = static_cast<int>(std::min(ceil_div(wanted, done), pairs));
    }
  }

  void clear_last_lanes(const MatrixWork& work) const {
    const int lanes = shape_.group_out() - (out_blocks_ - 1) * kChannelBlock;
    if (lanes == kChannelBlock) return;
    const std::ptrdiff_t last = work.dst_first + (work.blocks - 1) * work.dst_block;
    for (int t = 0; t < work.tile_count; ++t) {
      const MatrixRun* run = work.runs + work.tiles[t].first_run;
      for (int r = 0; r < work.tiles[t].runs; ++r, ++run) {
        if (!Form::kTransposed) {
          Form::clear_padding(args_, last + run->dst, run->rows, lanes);
        } else {
          for (int i = 0; i < run->rows; ++i)
            Form::clear_padding(args_, last + run->dst + i * work.dst_row, 1, lanes);
        }
      }
    }
  }

  const Kernel& kernel_;
  const Args& args_;
  MatrixArrangement arrangement_;
  const ConvShape& shape_;
  int taps_;  // results of a position, in each channel
  int out_blocks_;
  std::ptrdiff_t weights_block_;
  MatrixArrangement::Cut cut_{};
  int image_bands_ = 1;
  int row_bands_ = 1;
  int parts_ = 1;
  std::ptrdiff_t* offsets_;
  std::byte* bands_memory_;
  std::ptrdiff_t band_bytes_;
};

// Aligned to a cache line, for at least as many threads as the pool has.
template <class Form>
std::size_t conv_matrix_scratch_size(const typename Form::Kernel& kernel, const typename Form::Args& args,
                                     int threads) {
  if (args.shape.empty()) return 0;
  const MatrixArrangement arrangement = conv_matrix_arrangement<Form>(kernel, args);
  return static_cast<std::size_t>(matrix_offset_bytes(arrangement.steps()) +
                                  arrangement.most_bytes() * threads);
}

template <class Form>
void conv_matrix_run(const typename Form::Kernel& kernel, const typename Form::Args& args, std::byte* scratch,
                     ThreadPool& pool) {
  if (args.shape.empty()) return;
  const ConvMatrixWalk<Form> walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
