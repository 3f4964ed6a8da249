// Blocked weights, as conv.hpp lays them out.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"

namespace tenon::cpu {

// weight(group, o, c, tap) is the weight from input channel c of the group to output channel o of it.
template <class Weight>
void pack_blocked_weights(const ConvShape& shape, float* packed, Weight weight) {
  const ConvShape s = conv_merged(shape);
  const int taps = s.kernel_h * s.kernel_w;
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in();
  const int out = shape.group_out();
  const auto value = [&](int g, int o, int c, int tap) {
    if (c >= s.group_in() || o >= s.group_out() || o / out != c / in) return 0.0F;
    return weight(static_cast<std::ptrdiff_t>(g) * merged + o / out, o % out, c % in, tap);
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int o0 = 0; o0 < s.group_out(); o0 += kChannelBlock) {
      for (int c0 = 0; c0 < s.group_in(); c0 += kChannelBlock) {
        for (int tap = 0; tap < taps; ++tap) {
          for (int c = c0; c < c0 + kChannelBlock; ++c) {
            for (int o = o0; o < o0 + kChannelBlock; ++o) {
              *packed++ = value(g, o, c, tap);
            }
          }
        }
      }
    }
  }
}

}  // namespace tenon::cpu
