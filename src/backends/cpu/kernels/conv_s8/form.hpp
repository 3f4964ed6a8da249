// Convolutions of bytes as the drivers of band/ take them: see walk.hpp.
#pragma once

#include "backends/cpu/kernels/conv_s8/source.hpp"
#include "backends/cpu/kernels/padding.hpp"

namespace tenon::cpu {

struct ByteForm {
  using Kernel = ConvS8Kernel;
  using Args = ConvS8Args;
  using Tile = ConvS8Tile;
  static constexpr int kGroup = kS8Group;
  static constexpr int kWeightBytes = 1;

  static BandForm band(const Kernel& kernel, const Args& args) { return s8_band(kernel, args); }
  static BandSource source(const BandGeometry& g, const Kernel& kernel, const Args& args, int image,
                           int group, int begin, int end, std::byte* scratch) {
    return s8_source(g, kernel, args, image, group, begin, end, scratch);
  }
  static void set_operands(const Args& args, std::ptrdiff_t out_block, Tile& t) {
    t.weights = args.weights + out_block * t.weights_oc_block;
    t.bias = args.bias + out_block * kChannelBlock;
    t.requantize = &args.requantize;
    t.multiplier = args.requantize.multiplier + out_block * kChannelBlock;
    t.dst = args.dst;
  }
  static void clear_padding(const Args& args, std::ptrdiff_t dst_at, std::ptrdiff_t pixels, int lanes) {
    if (!args.requantize.bytes) clear_padding_lanes(static_cast<float*>(args.dst) + dst_at, pixels, lanes);
  }
};

}  // namespace tenon::cpu
