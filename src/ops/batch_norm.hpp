// batch_norm: y = (x - mean[c]) / sqrt(var[c] + epsilon) · scale[c] + bias[c] with given statistics
// (inference form).
//
// Operands: x [N, C, …] (rank 2 or more), scale, bias, mean, var: each [C]. All float; the parameters may
// have another float dtype than x. Result: x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct BatchNorm {
  float epsilon = 1e-5F;

  static constexpr std::string_view kName = "batch_norm";
  static constexpr auto fields() { return std::make_tuple(field("epsilon", &BatchNorm::epsilon)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
