// Padding lanes of blocked tensors.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"

#include <algorithm>
#include <cstddef>

namespace tenon::cpu {

// Zeroes the lanes from `lanes` on of `pixels` consecutive pixels of a channel block. Needed after an
// activation that does not keep zero.
template <class Element>
void clear_padding_lanes(Element* block, std::ptrdiff_t pixels, int lanes) {
  if (lanes == kChannelBlock) return;
  for (std::ptrdiff_t p = 0; p < pixels; ++p) {
    std::fill(block + p * kChannelBlock + lanes, block + (p + 1) * kChannelBlock, Element{});
  }
}

}  // namespace tenon::cpu
