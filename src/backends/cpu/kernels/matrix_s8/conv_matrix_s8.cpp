#include "backends/cpu/kernels/matrix_s8/conv_matrix_s8.hpp"

#include "backends/cpu/kernels/matrix_s8/arrangement.hpp"
#include "backends/cpu/kernels/padding.hpp"
#include "base/thread_pool.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Units of work for each thread, so that one that falls behind has something to give away.
constexpr int kMatrixUnitsPerThread = 4;
// Weights beyond this are read once per unit where that can be: units then are parts of the output channels.
constexpr std::ptrdiff_t kManyMatrixWeights = 512 * 1024;
// Tiles and blocks that are multiplied at once.
constexpr int kMatrixPair = 2;

std::ptrdiff_t offset_bytes(const MatrixSteps& steps) {
  return round_up(steps.count() * static_cast<std::ptrdiff_t>(sizeof(std::ptrdiff_t)), 64);
}

// Units are (group, band, part of the output channels).
class ConvMatrixWalk {
 public:
  ConvMatrixWalk(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch, int threads)
      : kernel_(kernel), args_(args), arrangement_(args), shape_(arrangement_.shape()) {
    out_blocks_ = static_cast<int>(channel_blocks(shape_.group_out()));
    weights_block_ = static_cast<std::ptrdiff_t>(arrangement_.steps().count()) * kMatrixStepWeights;
    cut(threads);
    offsets_ = reinterpret_cast<std::ptrdiff_t*>(scratch);
    arrangement_.write_offsets(cut_, offsets_);
    bands_memory_ = scratch + offset_bytes(arrangement_.steps());
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

    MatrixWork work{};
    arrangement_.arrange(cut_, band, group, offsets_, bands_memory_ + worker * band_bytes_, work);
    const int pairs = static_cast<int>(ceil_div(out_blocks_, kMatrixPair));
    const int first = part * pairs / parts_ * kMatrixPair;
    const int end = std::min((part + 1) * pairs / parts_ * kMatrixPair, out_blocks_);
    const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(group) * out_blocks_ + first;
    work.weights = args_.weights + block * weights_block_;
    work.weights_block = weights_block_;
    work.bias = args_.bias + block * kChannelBlock;
    work.blocks = end - first;
    work.blocks_inner = args_.config.oc_inner;
    work.requantize = &args_.requantize;
    work.multiplier = args_.requantize.multiplier + block * kChannelBlock;
    work.dst_row = kChannelBlock;
    work.dst_block = static_cast<std::ptrdiff_t>(shape_.out_h) * shape_.out_w * kChannelBlock;
    work.last_lanes = kChannelBlock;
    work.dst = args_.dst;
    work.dst_first = block * work.dst_block;
    kernel_.panel(work);
    if (!args_.requantize.bytes && end == out_blocks_) clear_last_lanes(work);
  }

 private:
  void cut(int threads) {
    cut_ = arrangement_.largest();
    const std::ptrdiff_t wanted =
        threads > 1 ? ceil_div(static_cast<std::ptrdiff_t>(kMatrixUnitsPerThread) * threads, shape_.groups)
                    : 1;
    const auto pairs = ceil_div(out_blocks_, kMatrixPair);
    const bool many = weights_block_ * out_blocks_ > kManyMatrixWeights;
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
    auto* last = static_cast<float*>(work.dst) + work.dst_first + (work.blocks - 1) * work.dst_block;
    for (int t = 0; t < work.tile_count; ++t) {
      const MatrixRun* run = work.runs + work.tiles[t].first_run;
      for (int r = 0; r < work.tiles[t].runs; ++r, ++run)
        clear_padding_lanes(last + run->dst, run->rows, lanes);
    }
  }

  const MatrixS8Kernel& kernel_;
  const ConvS8Args& args_;
  MatrixArrangement arrangement_;
  const ConvShape& shape_;
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

}  // namespace

const char* conv_matrix_s8_refusal(const ConvShape& shape, bool planar) {
  if (shape.in_channels == 0 || shape.kernel_h == 0 || shape.kernel_w == 0) return "nothing is multiplied";
  return conv_s8_refusal(shape, planar);
}

ConvS8Configs conv_matrix_s8_configs(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  ConvS8Configs all;
  ConvS8Config config;
  config.pixels = kMatrixPair * kMatrixRows;
  config.oc_blocks = kMatrixPair;
  all.configs[all.count++] = config;
  if (s.group_out() > kMatrixPair * kChannelBlock) {
    config.oc_inner = true;
    all.configs[all.count++] = config;
  }
  return all;
}

std::ptrdiff_t conv_matrix_s8_depth(const ConvShape& shape) {
  return static_cast<std::ptrdiff_t>(MatrixSteps(conv_merged(shape)).count()) * kMatrixDepth;
}

std::size_t conv_matrix_s8_packed_size(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * channel_blocks(s.group_out()) * kMatrixStepWeights *
                                  MatrixSteps(s).count());
}

void conv_matrix_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept {
  const ConvShape s = conv_merged(shape);
  const MatrixSteps steps(s);
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in(), out = shape.group_out();
  // A weight of the merged group g: zero between channels of different groups.
  const auto at = [&](int g, int o, const MatrixSteps::Place& place) -> std::int8_t {
    if (o >= s.group_out() || place.channel < 0 || o / out != place.channel / in) return 0;
    return weights[(((static_cast<std::ptrdiff_t>(g) * merged * out + o) * in + place.channel % in) *
                        s.kernel_h +
                    place.tap_h) *
                       s.kernel_w +
                   place.tap_w];
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int block = 0; block < s.group_out(); block += kChannelBlock) {
      for (int step = 0; step < steps.count(); ++step) {
        for (int k = 0; k < kMatrixDepth; ++k) {
          const MatrixSteps::Place place = steps.place(step, k);
          std::int8_t* to = packed + k / kMatrixGroup * kChannelBlock * kMatrixGroup + k % kMatrixGroup;
          for (int o = 0; o < kChannelBlock; ++o) to[o * kMatrixGroup] = at(g, block + o, place);
        }
        packed += kMatrixStepWeights;
      }
    }
  }
}

std::size_t conv_matrix_s8_scratch_size(const ConvS8Args& args, int threads) {
  if (args.shape.empty()) return 0;
  const MatrixArrangement arrangement(args);
  return static_cast<std::size_t>(offset_bytes(arrangement.steps()) + arrangement.most_bytes() * threads);
}

void conv_matrix_s8_run(const MatrixS8Kernel& kernel, const ConvS8Args& args, std::byte* scratch,
                        ThreadPool& pool) noexcept {
  if (args.shape.empty()) return;
  const ConvMatrixWalk walk(kernel, args, scratch, pool.size());
  pool.run(static_cast<std::size_t>(walk.units()),
           [&walk](std::size_t unit, int worker) { walk.run(static_cast<std::ptrdiff_t>(unit), worker); });
}

}  // namespace tenon::cpu
