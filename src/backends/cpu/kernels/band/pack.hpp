// Weights in groups of input channels, as kernels that sum several products at once take them.
#pragma once

#include "backends/cpu/kernels/conv/conv.hpp"

#include <algorithm>

namespace tenon::cpu {

// Packs [groups][ceil(O/16)][ceil(C/16)][taps][ceil(c/Group)][16 o][Group c] of the merged shape, zeros for
// missing channels: weight(group, o, c, tap) is the weight from input channel c of the group to output
// channel o of it. Returns where the next weights belong.
template <int Group, class Element, class Weight>
Element* pack_grouped_weights(const ConvShape& shape, int taps, Element* packed, Weight weight) {
  const ConvShape s = conv_merged(shape);
  const int merged = shape.groups / s.groups;
  const int in = shape.group_in(), out = shape.group_out();
  const int depth = static_cast<int>(round_up(s.group_in(), Group));
  // Zero between channels of different groups.
  const auto at = [&](int g, int o, int c, int tap) -> Element {
    if (o >= s.group_out() || c >= s.group_in() || o / out != c / in) return 0;
    return weight(static_cast<std::ptrdiff_t>(g) * merged + o / out, o % out, c % in, tap);
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < s.group_out(); ob += kChannelBlock) {
      for (int cb = 0; cb < s.group_in(); cb += kChannelBlock) {
        for (int tap = 0; tap < taps; ++tap) {
          for (int c = cb; c < std::min(cb + kChannelBlock, depth); c += Group) {
            for (int i = 0; i < kChannelBlock * Group; ++i)
              *packed++ = at(g, ob + i / Group, c + i % Group, tap);
          }
        }
      }
    }
  }
  return packed;
}

}  // namespace tenon::cpu
