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
  constexpr std::ptrdiff_t step = kChannelBlock * Group;  // of Group input channels
  for (int g = 0; g < s.groups; ++g) {
    for (int ob = 0; ob < s.group_out(); ob += kChannelBlock) {
      const int outs = std::min(kChannelBlock, s.group_out() - ob);
      for (int cb = 0; cb < s.group_in(); cb += kChannelBlock) {
        const int channels = std::min(kChannelBlock, depth - cb);
        const std::ptrdiff_t tap_step = channels / Group * step;
        std::fill_n(packed, taps * tap_step, Element{0});
        for (int o = ob; o < ob + outs; ++o) {
          // Zero between channels of different groups.
          const int group = o / out, at = o % out, first = cb - group * in;
          const unsigned begin = static_cast<unsigned>(std::max(-first, 0));
          const unsigned end = static_cast<unsigned>(std::clamp(in - first, 0, channels));
          for (int tap = 0; tap < taps; ++tap) {
            Element* to = packed + tap * tap_step + (o - ob) * Group;
            for (unsigned c = begin; c < end; ++c)
              to[c / Group * step + c % Group] = weight(static_cast<std::ptrdiff_t>(g) * merged + group, at,
                                                        first + static_cast<int>(c), tap);
          }
        }
        packed += taps * tap_step;
      }
    }
  }
  return packed;
}

}  // namespace tenon::cpu
