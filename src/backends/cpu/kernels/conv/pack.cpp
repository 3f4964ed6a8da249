#include "backends/cpu/kernels/conv/conv.hpp"

#include <algorithm>

namespace tenon::cpu {

std::size_t conv_packed_size(const ConvShape& s) {
  return static_cast<std::size_t>(s.groups * channel_blocks(s.group_out()) * channel_blocks(s.group_in()) *
                                  s.kernel_h * s.kernel_w * kChannelBlock * kChannelBlock);
}

void conv_pack(const ConvShape& s, const float* weights, float* packed) noexcept {
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_h) * s.kernel_w;
  const int out_blocks = static_cast<int>(channel_blocks(s.group_out()));
  const int in_blocks = static_cast<int>(channel_blocks(s.group_in()));
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < out_blocks; ++ob) {
      for (int ib = 0; ib < in_blocks; ++ib) {
        for (std::ptrdiff_t tap = 0; tap < taps; ++tap) {
          for (int c = ib * kChannelBlock; c < (ib + 1) * kChannelBlock; ++c) {
            for (int o = ob * kChannelBlock; o < (ob + 1) * kChannelBlock; ++o) {
              const bool real = c < s.group_in() && o < s.group_out();
              const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(g) * s.group_out() + o;
              *packed++ = real ? weights[(line * s.group_in() + c) * taps + tap] : 0.0F;
            }
          }
        }
      }
    }
  }
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
