// Which cuts of a convolution are worth trying.
#include "backends/cpu/kernels/conv/conv.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Weights that are used again for each tile of pixels should stay in the second-level cache, together with
// those that are fetched ahead: each gets this much.
constexpr std::ptrdiff_t kWeightBytes = 320 * 1024;

std::ptrdiff_t weight_bytes(const ConvShape& s, int oc_blocks) {
  return channel_blocks(s.group_in()) * s.kernel_h * s.kernel_w * kChannelBlock * kChannelBlock * oc_blocks *
         static_cast<std::ptrdiff_t>(sizeof(float));
}

// The share of a tile's pixels in use when `line` pixels are cut into tiles of at most `pixels`.
double fill(int line, int pixels) {
  return static_cast<double>(line) / static_cast<double>(round_up(line, pixels));
}

void add(ConvConfigs& all, const ConvConfig& config) {
  if (all.count == ConvConfigs::kMax) return;
  if (std::find(all.configs, all.configs + all.count, config) != all.configs + all.count) return;
  all.configs[all.count++] = config;
}

}  // namespace

ConvConfigs conv_configs(const ConvKernel& kernel, const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  const int out_blocks = static_cast<int>(channel_blocks(s.group_out()));
  const int in_blocks = static_cast<int>(channel_blocks(s.group_in()));

  // Tiles of four blocks load least per multiply-add; those of two are better where the sums are short and
  // stores weigh.
  const int wide = kernel.oc_blocks_at_most(out_blocks);
  const int narrow = kernel.oc_blocks_at_most(std::min(out_blocks, 2));
  ConvConfig best;
  best.oc_blocks = s.pointwise() ? narrow : wide;
  best.pixels = kernel.max_pixels(best.oc_blocks);
  best.oc_inner = weight_bytes(s, out_blocks) <= kWeightBytes;
  if (!best.oc_inner) {
    const std::ptrdiff_t one_block = weight_bytes(s, best.oc_blocks) / in_blocks;
    best.ic_blocks = static_cast<int>(std::max<std::ptrdiff_t>(1, kWeightBytes / one_block));
    if (best.ic_blocks >= in_blocks) best.ic_blocks = 0;
  }

  ConvConfigs all;
  add(all, best);
  ConvConfig other = best;
  other.oc_blocks = s.pointwise() ? wide : narrow;
  other.pixels = kernel.max_pixels(other.oc_blocks);
  add(all, other);
  other = best;
  other.oc_inner = !best.oc_inner;
  other.ic_blocks = 0;
  add(all, other);
  // Tiles within a row read their pixels without a table where the stride is 1 or 2, away from the border.
  other = best;
  other.rows = true;
  if (s.stride_w <= 2 && !s.pointwise()) {
    if (fill(s.out_w, best.pixels) > 0.85) add(all, other);
    other.oc_blocks = narrow;
    other.pixels = kernel.max_pixels(narrow);
    if (s.stride_w == 2 && fill(s.out_w, other.pixels) > 0.85) add(all, other);
  }
  return all;
}

ConvConfigs conv_planar_configs(const ConvKernel& kernel, const ConvShape& s) {
  ConvConfigs all;
  ConvConfig config;
  config.rows = true;
  for (const int wanted : {4, 2}) {
    config.oc_blocks =
        kernel.oc_blocks_at_most(std::min<int>(wanted, static_cast<int>(channel_blocks(s.out_channels))));
    config.pixels = kernel.max_pixels(config.oc_blocks);
    for (const bool inner : {true, false}) {
      config.oc_inner = inner;
      add(all, config);
    }
  }
  return all;
}

}  // namespace tenon::cpu
