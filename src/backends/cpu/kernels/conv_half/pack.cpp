#include "backends/cpu/kernels/band/pack.hpp"

#include "backends/cpu/kernels/conv_half/conv_half.hpp"

namespace tenon::cpu {

std::size_t conv_half_packed_size(const ConvShape& shape) {
  const ConvShape s = conv_merged(shape);
  return static_cast<std::size_t>(s.groups * round_up(s.group_out(), kChannelBlock) *
                                  round_up(s.group_in(), kHalfGroup) * s.kernel_h * s.kernel_w);
}

void conv_half_pack(const ConvShape& s, DataType type, const float* weights, std::uint16_t* packed) noexcept {
  const int taps = s.kernel_h * s.kernel_w;
  pack_grouped_weights<kHalfGroup>(s, taps, packed, [&](std::ptrdiff_t g, int o, int c, int tap) {
    const float weight = weights[((g * s.group_out() + o) * s.group_in() + c) * taps + tap];
    return type == DataType::bf16 ? bfloat16(weight).bits : float16(weight).bits;
  });
}

}  // namespace tenon::cpu
