#include "backends/cpu/kernels/conv_s8/pack.hpp"

#include <algorithm>

namespace tenon::cpu {

std::size_t conv_s8_packed_size(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * round_up(s.group_out(), kChannelBlock) *
                                  round_up(s.group_in(), kS8Group) * s.kernel_h * s.kernel_w);
}

void conv_s8_pack(const ConvShape& s, const std::int8_t* weights, std::int8_t* packed) noexcept {
  const int taps = s.kernel_h * s.kernel_w, in = s.group_in(), out = s.group_out();
  pack_s8_weights(s, taps, packed, [&](std::ptrdiff_t g, int o, int c, int tap) {
    return weights[((g * out + o) * in + c) * taps + tap];
  });
}

std::size_t conv_s8_packed_bias_size(const ConvShape& shape) {
  return static_cast<std::size_t>(round_up(shape.out_channels, kChannelBlock));
}

void conv_s8_pack_bias(const ConvShape& s, const std::int8_t* weights, const std::int32_t* bias,
                       bool src_signed, int src_zero, std::int32_t* packed) noexcept {
  const std::ptrdiff_t depth = static_cast<std::ptrdiff_t>(s.group_in()) * s.kernel_h * s.kernel_w;
  const auto shift = static_cast<std::uint32_t>(src_zero + (src_signed ? 128 : 0));
  std::fill_n(packed, conv_s8_packed_bias_size(s), 0);
  for (int o = 0; o < s.out_channels; ++o) {
    std::uint32_t sum = 0;
    for (std::ptrdiff_t k = 0; k < depth; ++k) sum += static_cast<std::uint32_t>(weights[o * depth + k]);
    packed[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(bias ? bias[o] : 0) - shift * sum);
  }
}

}  // namespace tenon::cpu
