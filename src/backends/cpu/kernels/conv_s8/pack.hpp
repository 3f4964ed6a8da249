// Integer weights, as conv_s8.hpp lays them out.
#pragma once

#include "backends/cpu/kernels/conv_s8/conv_s8.hpp"

#include <algorithm>

namespace tenon::cpu {

// weight(group, o, c, tap) is the weight from input channel c of the group to output channel o of it, for tap
// < taps. Returns where the next weights belong.
template <class Weight>
std::int8_t* pack_s8_weights(const ConvShape& shape, int taps, std::int8_t* packed, Weight weight) {
  const ConvShape s = conv_merged(shape);
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in(), out = shape.group_out();
  const int depth = static_cast<int>(round_up(s.group_in(), kS8Group));
  // Zero between channels of different groups.
  const auto at = [&](int g, int o, int c, int tap) -> std::int8_t {
    if (o >= s.group_out() || c >= s.group_in() || o / out != c / in) return 0;
    return weight(static_cast<std::ptrdiff_t>(g) * merged + o / out, o % out, c % in, tap);
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < s.group_out(); ob += kChannelBlock) {
      for (int cb = 0; cb < s.group_in(); cb += kChannelBlock) {
        for (int tap = 0; tap < taps; ++tap) {
          for (int c = cb; c < std::min(cb + kChannelBlock, depth); c += kS8Group) {
            for (int i = 0; i < kS8GroupWeights; ++i)
              *packed++ = at(g, ob + i / kS8Group, c + i % kS8Group, tap);
          }
        }
      }
    }
  }
  return packed;
}

}  // namespace tenon::cpu
