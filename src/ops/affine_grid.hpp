// affine_grid(theta, size) → sampling positions for grid_sample: for each batch entry the affine map `theta`
// applied to the normalised coordinates (x, y[, z], 1) of an image of `size`.
//
//   theta          floating point, [N, 2, 3] or [N, 3, 4]
//   size           i64: [N, C, H, W] gives [N, H, W, 2]; [N, C, D, H, W] gives [N, D, H, W, 3]
//   align_corners  -1 and 1 are the centres of the corner pixels, else their outer edges
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct AffineGrid {
  static constexpr std::string_view kName = "affine_grid";

  bool align_corners = false;

  static constexpr auto fields() {
    return std::make_tuple(field("align_corners", &AffineGrid::align_corners));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
