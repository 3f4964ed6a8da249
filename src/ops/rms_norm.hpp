// rms_norm: y = x / sqrt(mean(x²) + epsilon) · scale, the mean over axes axis … rank-1.
//
// Operands: x, scale (broadcastable to x) or absent. Float. Result: x's dims, x's dtype.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct RmsNorm {
  std::int64_t axis = -1;
  float epsilon = 1e-5F;

  static constexpr std::string_view kName = "rms_norm";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &RmsNorm::axis), field("epsilon", &RmsNorm::epsilon));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
