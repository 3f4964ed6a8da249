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
  struct Channel {
    int group;  // of those that are merged, -1: none
    int at;     // in it
  };
  const auto channel = [](int c, int count, int each) {
    return c < count ? Channel{c / each, c % each} : Channel{-1, 0};
  };
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < s.group_out(); ob += kChannelBlock) {
      Channel outs[kChannelBlock];
      for (int o = 0; o < kChannelBlock; ++o) outs[o] = channel(ob + o, s.group_out(), out);
      for (int cb = 0; cb < s.group_in(); cb += kChannelBlock) {
        const int channels = std::min(kChannelBlock, depth - cb);
        Channel ins[kChannelBlock];
        for (int c = 0; c < channels; ++c) ins[c] = channel(cb + c, s.group_in(), in);
        for (int tap = 0; tap < taps; ++tap) {
          for (int c = 0; c < channels; c += Group) {
            for (const Channel& o : outs) {
              for (int k = 0; k < Group; ++k) {
                const Channel& i = ins[c + k];
                // Zero between channels of different groups.
                *packed++ = o.group < 0 || o.group != i.group
                                ? Element{0}
                                : weight(static_cast<std::ptrdiff_t>(g) * merged + o.group, o.at, i.at, tap);
              }
            }
          }
        }
      }
    }
  }
  return packed;
}

}  // namespace tenon::cpu
