#include "backends/cpu/kernels/band/transposed.hpp"

namespace tenon::cpu {

namespace {

// The lowest and the highest input that the first output of any class reads along an axis.
struct Reach {
  int least = 0;
  int most = 0;
};

template <class TapsOf>
Reach reach_of(int phases, TapsOf taps_of_phase) {
  Reach reach;
  bool any = false;
  for (int phase = 0; phase < phases; ++phase) {
    const Taps taps = taps_of_phase(phase);
    if (taps.count == 0) continue;
    const int least = taps.source - (taps.count - 1) * taps.source_step;
    reach = any ? Reach{std::min(reach.least, least), std::max(reach.most, taps.source)}
                : Reach{least, taps.source};
    any = true;
  }
  return reach;
}

}  // namespace

TransposedClass::TransposedClass(const ConvShape& s, int phase_y, int phase_x)
    : rows(taps_of(phase_y + s.pad_top, s.stride_h, s.dilation_h, s.kernel_h)),
      columns(taps_of(phase_x + s.pad_left, s.stride_w, s.dilation_w, s.kernel_w)) {}

TransposedWhole::TransposedWhole(const ConvShape& s) : shape(s) {
  const Reach rows =
      reach_of(std::min(s.stride_h, s.out_h), [&](int y) { return TransposedClass(s, y, 0).rows; });
  const Reach columns =
      reach_of(std::min(s.stride_w, s.out_w), [&](int x) { return TransposedClass(s, 0, x).columns; });
  least_row = rows.least;
  least_column = columns.least;
  shape.out_h = static_cast<int>(ceil_div(s.out_h, s.stride_h));
  shape.out_w = static_cast<int>(ceil_div(s.out_w, s.stride_w));
  shape.kernel_h = rows.most - rows.least + 1;
  shape.kernel_w = columns.most - columns.least + 1;
  shape.stride_h = shape.stride_w = shape.dilation_h = shape.dilation_w = 1;
  shape.pad_top = -rows.least;
  shape.pad_left = -columns.least;
}

BandConfigs transposed_configs(const BandTileSizes& sizes, const ConvShape& shape) {
  const int out_blocks = static_cast<int>(channel_blocks(conv_merged(shape).group_out()));
  BandConfigs all;
  for (const int wanted : {2, 4, 3}) {
    BandConfig config;
    config.oc_blocks = sizes.oc_blocks_at_most(std::min(wanted, out_blocks));
    config.pixels = sizes.max_pixels(config.oc_blocks);
    if (std::find(all.configs, all.configs + all.count, config) == all.configs + all.count)
      all.configs[all.count++] = config;
  }
  return all;
}

}  // namespace tenon::cpu
