#include "backends/cpu/kernels/conv/pack.hpp"

#include <algorithm>

namespace tenon::cpu {

std::size_t conv_packed_size(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * channel_blocks(s.group_out()) * channel_blocks(s.group_in()) *
                                  s.kernel_h * s.kernel_w * kChannelBlock * kChannelBlock);
}

void conv_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_h) * s.kernel_w;
  pack_blocked_weights(s, packed, [&](std::ptrdiff_t g, int o, int c, int tap) {
    return weights[((g * s.group_out() + o) * s.group_in() + c) * taps + tap];
  });
}

std::size_t conv_planar_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(channel_blocks(s.out_channels) * s.in_channels * s.kernel_h * s.kernel_w *
                                  kChannelBlock);
}

void conv_planar_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const std::ptrdiff_t depth = static_cast<std::ptrdiff_t>(s.in_channels) * s.kernel_h * s.kernel_w;
  for (int ob = 0; ob < channel_blocks(s.out_channels); ++ob) {
    for (std::ptrdiff_t k = 0; k < depth; ++k) {
      for (int o = ob * kChannelBlock; o < (ob + 1) * kChannelBlock; ++o) {
        *packed++ = o < s.out_channels ? weights[o * depth + k] : 0.0F;
      }
    }
  }
}

std::size_t conv_packed_bias_size(int channels) {
  return static_cast<std::size_t>(round_up(channels, kChannelBlock));
}

void conv_pack_bias(const float* bias, int channels, float* packed) noexcept {
  std::fill(std::copy_n(bias, channels, packed), packed + round_up(channels, kChannelBlock), 0.0F);
}

}  // namespace tenon::cpu
