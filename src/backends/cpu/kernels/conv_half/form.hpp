// Convolutions of 16-bit floats as the drivers of band/ take them: see walk.hpp.
#pragma once

#include "backends/cpu/kernels/band/geometry.hpp"
#include "backends/cpu/kernels/conv_half/conv_half.hpp"
#include "backends/cpu/kernels/padding.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {

inline constexpr int kHalfMostPlanar = 4;  // channels

// Writes one block's band: of a block, or of planes of floats.
class HalfCopier {
 public:
  HalfCopier(const BandGeometry& g, const ConvHalfKernel& kernel, bool planar)
      : g_(g), kernel_(kernel), planar_(planar), channels_(g.pixel / kernel.element()) {}

  std::byte* copy(const std::byte* from, std::ptrdiff_t pixels, std::byte* to) const {
    if (planar_) {
      const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(g_.shape.in_h) * g_.shape.in_w;
      kernel_.interleave(reinterpret_cast<const float*>(from), plane, g_.shape.in_channels, channels_, pixels,
                         to);
      return to + pixels * g_.pixel;
    }
    if (!g_.compact) {
      kernel_.copy(from, pixels * kChannelBlock, to);
      return to + pixels * g_.pixel;
    }
    constexpr int kCompactChunk = 64;
    std::uint16_t chunk[kCompactChunk * kHalfMostPlanar];
    for (std::ptrdiff_t i = 0; i < pixels; i += kCompactChunk) {
      const std::ptrdiff_t count = std::min<std::ptrdiff_t>(kCompactChunk, pixels - i);
      for (std::ptrdiff_t p = 0; p < count; ++p) {
        std::memcpy(chunk + p * channels_, from + (i + p) * kChannelBlock * 2,
                    static_cast<std::size_t>(channels_) * 2);
      }
      kernel_.copy(chunk, count * channels_, to);
      to += count * g_.pixel;
    }
    return to;
  }

  std::byte* fill(std::ptrdiff_t pixels, std::byte* to) const {
    const std::ptrdiff_t bytes = pixels * g_.pixel;
    std::memset(to, 0, static_cast<std::size_t>(bytes));
    return to + bytes;
  }

 private:
  const BandGeometry& g_;
  const ConvHalfKernel& kernel_;
  bool planar_;
  int channels_;  // of a pixel of the copy
};

struct HalfForm {
  using Kernel = ConvHalfKernel;
  using Args = ConvHalfArgs;
  using Tile = ConvHalfTile;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kWeightBytes = 2;

  static BandForm band(const Kernel& kernel, const Args& args) {
    return {kHalfGroup, 2, kernel.element(), kernel.wide || args.planar, kHalfMostPlanar};
  }

  static BandSource source(const BandGeometry& g, const Kernel& kernel, const Args& args, int image,
                           int group, int begin, int end, std::byte* scratch) {
    const ConvShape& s = g.shape;
    const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(s.in_h) * s.in_w;
    const auto* src = static_cast<const std::byte*>(args.src);
    BandInput input{};
    if (args.planar) {
      input = {src + image * s.in_channels * plane * 4, 4, 0};
    } else {
      const std::ptrdiff_t pixel = kChannelBlock * 2;
      const std::ptrdiff_t first =
          (static_cast<std::ptrdiff_t>(image) * s.groups + group) * channel_blocks(s.group_in());
      input = {src + first * plane * pixel, pixel, plane * pixel};
    }
    return band_source(g, input, begin, end, scratch, HalfCopier(g, kernel, args.planar));
  }

  static void set_operands(const Args& args, std::ptrdiff_t out_block, Tile& t) {
    t.weights = args.weights + out_block * t.weights_oc_block;
    t.bias = args.bias ? args.bias + out_block * kChannelBlock : nullptr;
    t.factors = args.factors ? args.factors + out_block * kChannelBlock : nullptr;
    t.act = args.act;
    t.dst = args.dst;
    t.dst_single = args.dst_single;
    t.residual = args.residual;
    t.residual_single = args.residual_single;
  }

  static void clear_padding(const Args& args, std::ptrdiff_t dst_at, std::ptrdiff_t pixels, int lanes) {
    if (args.act.keeps_zero()) return;
    if (args.dst_single) {
      clear_padding_lanes(static_cast<float*>(args.dst) + dst_at, pixels, lanes);
    } else {
      clear_padding_lanes(static_cast<std::uint16_t*>(args.dst) + dst_at, pixels, lanes);
    }
  }
};

}  // namespace tenon::cpu
