#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include <algorithm>

namespace tenon::cpu {

namespace {

// Input channels of a group, those of missing ones at the end of the last four included.
std::ptrdiff_t s8_depth(const ConvShape& s) { return round_up(s.group_in(), kS8Group); }

}  // namespace

std::size_t conv_s8_packed_size(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * round_up(s.group_out(), kChannelBlock) * s8_depth(s) *
                                  s.kernel_h * s.kernel_w);
}

void conv_s8_pack(const ConvShape& shape, const std::int8_t* weights, std::int8_t* packed) noexcept {
  const ConvShape s = conv_merged(shape);
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in(), out = shape.group_out();
  const std::ptrdiff_t taps = static_cast<std::ptrdiff_t>(s.kernel_h) * s.kernel_w;
  // A weight of the merged group g: zero between channels of different groups.
  const auto at = [&](int g, int o, int c, std::ptrdiff_t tap) -> std::int8_t {
    if (o >= s.group_out() || c >= s.group_in() || o / out != c / in) return 0;
    return weights[((static_cast<std::ptrdiff_t>(g) * merged * out + o) * in + c % in) * taps + tap];
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < s.group_out(); ob += kChannelBlock) {
      for (int cb = 0; cb < s.group_in(); cb += kChannelBlock) {
        const int end = std::min<int>(cb + kChannelBlock, static_cast<int>(s8_depth(s)));
        for (std::ptrdiff_t tap = 0; tap < taps; ++tap) {
          for (int c = cb; c < end; c += kS8Group) {
            for (int i = 0; i < kS8GroupWeights; ++i)
              *packed++ = at(g, ob + i / kS8Group, c + i % kS8Group, tap);
          }
        }
      }
    }
  }
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
