// group_norm: channels in `num_groups` equal groups, each normalized by its mean and variance over its
// channels and the spatial axes, then y = normalized · scale[c] + bias[c].
//
// Operands: x [N, C, spatial…], scale [C] or [num_groups], bias of scale's shape. Float, one dtype. Result:
// x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct GroupNorm {
  std::int64_t num_groups = 1;
  float epsilon = 1e-5F;

  static constexpr std::string_view kName = "group_norm";
  static constexpr auto fields() {
    return std::make_tuple(field("num_groups", &GroupNorm::num_groups),
                           field("epsilon", &GroupNorm::epsilon));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
