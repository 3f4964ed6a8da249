// grid_sample: x sampled at the positions of `grid`.
//
// Operands: x [N, C, spatial… (r axes)], grid [N, out… (r axes), r], whose last axis holds a position in [-1,
// 1] per spatial axis, the innermost axis first; -1 and 1 are the centres of the border elements
// (align_corners) or their outer edges. Positions outside read 0, the border, or the reflection. Result: [N,
// C, out…] of x's dtype. x: numeric, grid: float; cubic: r = 2.
#pragma once

#include "ir/op.hpp"

#include <array>

namespace tenon::op {

enum class GridMode : std::uint8_t { linear, nearest, cubic };
inline constexpr std::array<std::string_view, 3> enum_names(GridMode) {
  return {"linear", "nearest", "cubic"};
}

enum class GridPadding : std::uint8_t { zeros, border, reflection };
inline constexpr std::array<std::string_view, 3> enum_names(GridPadding) {
  return {"zeros", "border", "reflection"};
}

struct GridSample {
  GridMode mode = GridMode::linear;
  GridPadding padding = GridPadding::zeros;
  bool align_corners = false;

  static constexpr std::string_view kName = "grid_sample";
  static constexpr auto fields() {
    return std::make_tuple(field("mode", &GridSample::mode), field("padding", &GridSample::padding),
                           field("align_corners", &GridSample::align_corners));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
