// The driver for blocked input by bands of output rows (band/walk.hpp). What a band reads is copied first,
// with the padding written out, where windows reach out of the image: the pixels of every tile then lie
// evenly spaced, and none is looked up in a table.
#include "backends/cpu/kernels/band/walk.hpp"
#include "backends/cpu/kernels/padding.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

namespace {

constexpr std::ptrdiff_t kFloat = sizeof(float);
constexpr std::ptrdiff_t kPixelBytes = kChannelBlock * kFloat;
constexpr int kMostBandedStride = 2;  // that tiles have code for

// Offsets in the source and ahead_step are bytes, all others elements.
struct BandedTile {
  const std::byte* src;
  std::ptrdiff_t src_block;
  std::ptrdiff_t src_tap_h;
  std::ptrdiff_t src_tap_w;
  std::ptrdiff_t src_pixel;
  int blocks;
  int last_groups;  // always 1: a group is a whole block
  int in_lanes;     // of the last block
  int taps_h;
  int taps_w;
  const float* weights;
  std::ptrdiff_t weights_oc_block;
  const float* bias;
  Activation act;
  float* dst;
  const float* residual;
  std::ptrdiff_t dst_at;
  std::ptrdiff_t dst_pixel;
  std::ptrdiff_t dst_oc_block;
  int last_lanes;
  const float* ahead;
  std::ptrdiff_t ahead_step;
  int tiles;
  std::ptrdiff_t next_src;
  std::ptrdiff_t next_weights;
  std::ptrdiff_t next_channels;
  std::ptrdiff_t next_dst;
};

// A ConvKernel on such tiles.
class BandedKernel {
 public:
  explicit BandedKernel(const ConvKernel& kernel) : kernel_(kernel) {}

  int max_pixels(int oc_blocks) const { return kernel_.max_pixels(oc_blocks); }
  int oc_blocks_at_most(int wanted) const { return kernel_.oc_blocks_at_most(wanted); }

  void tile(const BandedTile& from, int pixels, int oc_blocks) const noexcept {
    ConvTile t{};
    t.src = reinterpret_cast<const float*>(from.src);
    t.src_block = from.src_block / kFloat;
    t.src_tap_h = from.src_tap_h / kFloat;
    t.src_tap_w = from.src_tap_w / kFloat;
    t.blocks = from.blocks;
    t.last_lanes = from.in_lanes;
    t.taps_h = from.taps_h;
    t.taps_w = from.taps_w;
    t.weights = from.weights;
    t.weights_oc_block = from.weights_oc_block;
    t.weights_tap_w = static_cast<std::ptrdiff_t>(kChannelBlock) * kChannelBlock;
    t.weights_tap_h = t.weights_tap_w * from.taps_w;
    t.weights_block = t.weights_tap_h * from.taps_h;
    t.dst = from.dst + from.dst_at;
    t.residual = from.residual ? from.residual + from.dst_at : nullptr;
    t.bias = from.bias;
    t.dst_pixel = from.dst_pixel;
    t.dst_oc_block = from.dst_oc_block;
    t.first = true;
    t.last = true;
    t.act = from.act;
    t.ahead = from.ahead_step != 0 ? from.ahead : nullptr;
    t.ahead_step = from.ahead_step / static_cast<std::ptrdiff_t>(sizeof(float));
    t.tiles = from.tiles;
    t.next_src = from.next_src / kFloat;
    t.next_weights = from.next_weights;
    t.next_bias = from.next_channels;
    t.next_dst = from.next_dst;
    kernel_.tile(t, from.src_pixel == kPixelBytes ? ConvAccess::row : ConvAccess::row2, pixels, oc_blocks);
  }

 private:
  const ConvKernel& kernel_;
};

struct FloatCopier {
  std::byte* copy(const std::byte* from, std::ptrdiff_t pixels, std::byte* to) const {
    std::memcpy(to, from, static_cast<std::size_t>(pixels * kPixelBytes));
    return to + pixels * kPixelBytes;
  }
  std::byte* fill(std::ptrdiff_t pixels, std::byte* to) const {
    std::memset(to, 0, static_cast<std::size_t>(pixels * kPixelBytes));
    return to + pixels * kPixelBytes;
  }
};

struct FloatForm {
  using Kernel = BandedKernel;
  using Args = ConvArgs;
  using Tile = BandedTile;
  static constexpr int kGroup = kChannelBlock;
  static constexpr int kWeightBytes = kFloat;
  static BandForm band(const ConvShape& s) {
    // Every second pixel of an image is read from a copy that leaves out the others.
    return {kGroup, kFloat, kFloat, s.kernel_h == 1 && s.kernel_w == 1, 0, true};
  }
  static BandForm band(const Kernel&, const Args& args) { return band(args.shape); }

  static BandSource source(const BandGeometry& g, const Kernel&, const Args& args, int image, int group,
                           int begin, int end, std::byte* scratch) {
    const ConvShape& s = g.shape;
    const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w * kPixelBytes;
    const std::ptrdiff_t first =
        (static_cast<std::ptrdiff_t>(image) * s.groups + group) * channel_blocks(s.group_in());
    const auto* src = reinterpret_cast<const std::byte*>(args.src);
    return band_source(g, {src + first * block, kPixelBytes, block}, begin, end, scratch, FloatCopier());
  }

  static void set_operands(const Args& args, std::ptrdiff_t out_block, Tile& t) {
    t.in_lanes = conv_merged(args.shape).group_in() - (t.blocks - 1) * kChannelBlock;
    t.weights = args.weights + out_block * t.weights_oc_block;
    t.bias = args.bias ? args.bias + out_block * kChannelBlock : nullptr;
    t.act = args.act;
    t.dst = args.dst;
    t.residual = args.residual;
  }

  static void clear_padding(const Args& args, std::ptrdiff_t dst_at, std::ptrdiff_t pixels, int lanes) {
    if (!args.act.keeps_zero()) clear_padding_lanes(args.dst + dst_at, pixels, lanes);
  }
};

}  // namespace

const char* conv_banded_refusal(const ConvShape& s) {
  if (s.pointwise()) return "its pixels lie evenly spaced without bands";
  if (s.stride_w > kMostBandedStride) return "a stride beyond two";
  return conv_refusal(s);
}

ConvConfigs conv_banded_configs(const ConvKernel& kernel, const ConvShape& shape) {
  const int out_blocks = static_cast<int>(channel_blocks(conv_merged(shape).group_out()));
  ConvConfigs all;
  for (const int wanted : {2, 4}) {
    ConvConfig config;
    config.rows = true;
    config.oc_blocks = kernel.oc_blocks_at_most(std::min(wanted, out_blocks));
    config.pixels = kernel.max_pixels(config.oc_blocks);
    if (all.count == 0 || !(config == all.configs[0])) all.configs[all.count++] = config;
  }
  return all;
}

std::size_t conv_banded_scratch_size(const ConvShape& shape, int threads) {
  if (shape.empty()) return 0;
  // A larger image may need no copy where a smaller one does, whose border is cut otherwise.
  BandForm form = FloatForm::band(shape);
  form.always_copied = true;
  return static_cast<std::size_t>(BandGeometry(shape, form).scratch_bytes(kConvMostPixels) * threads /
                                  kFloat);
}

void conv_banded_run(const ConvKernel& kernel, const ConvArgs& args, float* scratch,
                     ThreadPool& pool) noexcept {
  band_run<FloatForm>(BandedKernel(kernel), args, reinterpret_cast<std::byte*>(scratch), pool);
}

}  // namespace tenon::cpu
