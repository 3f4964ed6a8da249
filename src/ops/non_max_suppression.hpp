// non_max_suppression(boxes, scores, max_output?, iou_threshold?, score_threshold?) → i64[n, 3]: rows (batch,
// class, box).
//
// Per batch and class, boxes are visited by falling score (ties: lower index first; NaN never); one is
// selected when its score exceeds score_threshold (when given) and its intersection over union with every
// selected box is at most iou_threshold, until max_output are selected.
//
//   boxes             f32[B, n, 4]
//   scores            f32[B, C, n]
//   max_output        i64, one element; default 0: nothing is selected
//   iou_threshold     f32, one element in [0, 1]; default 0
//   score_threshold   f32, one element; default: none
//   center_point_box  boxes are [x_center, y_center, width, height], else [y1, x1, y2, x2] of any two
//                     opposite corners
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct NonMaxSuppression {
  static constexpr std::string_view kName = "non_max_suppression";

  bool center_point_box = false;

  static constexpr auto fields() {
    return std::make_tuple(field("center_point_box", &NonMaxSuppression::center_point_box));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
