// For kernel files: where a tile lies.
#pragma once

#include "backends/cpu/kernels/winograd/stages.hpp"

namespace tenon::cpu {
namespace {

// A tile's position in the image, in tiles.
struct WinogradPosition {
  std::ptrdiff_t image;
  int row;
  int column;

  WinogradPosition(const WinogradGrid& g, std::ptrdiff_t tile) {
    const int per_image = g.tiles_h * g.tiles_w;
    image = tile / per_image;
    row = static_cast<int>(tile % per_image) / g.tiles_w;
    column = static_cast<int>(tile % per_image) % g.tiles_w;
  }
  void advance(const WinogradGrid& g) {
    if (++column < g.tiles_w) return;
    column = 0;
    if (++row < g.tiles_h) return;
    row = 0;
    ++image;
  }
};

}  // namespace
}  // namespace tenon::cpu
