// How convolutions that read bands are cut into tiles.
#pragma once

#include "backends/cpu/kernels/band/tile.hpp"
#include "backends/cpu/kernels/conv/conv.hpp"

namespace tenon::cpu {

// Any choice is correct.
struct BandConfig {
  int pixels = 1;         // per tile, at most
  int oc_blocks = 1;      // per tile: 1 to 4
  bool oc_inner = false;  // all output channels of a tile's pixels before the next pixels

  friend bool operator==(const BandConfig&, const BandConfig&) = default;
};

// The configs worth trying, best guess first.
struct BandConfigs {
  static constexpr int kMax = 4;
  BandConfig configs[kMax];
  int count = 0;
};

// group: channels that one step multiplies; weight: bytes of one.
BandConfigs band_configs(const BandTileSizes& sizes, const ConvShape& shape, int group, int weight);

}  // namespace tenon::cpu
