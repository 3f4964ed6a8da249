// layer_norm: y = (x - mean) · inv_std · scale + bias with mean and inv_std = 1 / sqrt(var + epsilon) over
// axes axis … rank-1.
//
// Operands: x, scale or absent, bias or absent (each broadcastable to x). Float; scale and bias of x's dtype.
// Results: y of x's type, and where asked mean and inv_std: x's dims with the normalized axes 1, of dtype f32
// (f64 for f64).
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct LayerNorm {
  std::int64_t axis = -1;
  float epsilon = 1e-5F;

  static constexpr std::string_view kName = "layer_norm";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &LayerNorm::axis), field("epsilon", &LayerNorm::epsilon));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
