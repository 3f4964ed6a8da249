#include "backends/cpu/kernels/band/config.hpp"

#include <algorithm>

namespace tenon::cpu {

BandConfigs band_configs(const BandTileSizes& sizes, const ConvShape& shape, int group, int weight) {
  const ConvShape s = conv_merged(shape);
  const int out_blocks = static_cast<int>(channel_blocks(s.group_out()));
  const std::ptrdiff_t weights = round_up(s.group_in(), group) * s.kernel_h * s.kernel_w *
                                 round_up(s.group_out(), kChannelBlock) * weight;
  constexpr std::ptrdiff_t kFewWeights = 24 * 1024;  // stay in the first-level cache
  BandConfigs all;
  const auto add = [&](int blocks, bool inner) {
    BandConfig config;
    config.oc_blocks = sizes.oc_blocks_at_most(std::min(blocks, out_blocks));
    config.pixels = sizes.max_pixels(config.oc_blocks);
    config.oc_inner = inner;
    if (all.count == BandConfigs::kMax) return;
    if (std::find(all.configs, all.configs + all.count, config) == all.configs + all.count)
      all.configs[all.count++] = config;
  };
  const bool few = weights <= kFewWeights;
  const int line = s.pointwise() ? s.out_h * s.out_w : s.out_w;
  const int best = line <= sizes.max_pixels(sizes.oc_blocks_at_most(4))   ? 4
                   : line <= sizes.max_pixels(sizes.oc_blocks_at_most(3)) ? 3
                                                                          : 2;
  add(best, few);
  add(best, !few);
  add(best == 3 ? 2 : 3, few);
  add(best == 4 ? 2 : 4, few);
  return all;
}

}  // namespace tenon::cpu
