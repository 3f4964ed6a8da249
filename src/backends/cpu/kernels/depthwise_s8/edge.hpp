// Pixels at the edge of an image, where reading part of a vector is not to be had.
#pragma once

#include "backends/cpu/kernels/conv_s8/tile.hpp"

#include <cstdint>
#include <cstring>

namespace tenon::cpu {
namespace {

// Four pixels; those outside of [begin, end) are padding, and are not read.
inline void copy_edge(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                      std::uint8_t* to) {
  for (int i = 0; i < kS8Group; ++i) {
    if (i >= begin && i < end) {
      std::memcpy(to + i * kChannelBlock, pixels + i * kChannelBlock, kChannelBlock);
    } else {
      std::memset(to + i * kChannelBlock, padding, kChannelBlock);
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
