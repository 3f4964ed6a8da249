// mean_variance_norm: y = (x - mean) / (sqrt(var) + epsilon), mean and variance over `axes`.
//
// Operand: x, float. Result: x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct MeanVarianceNorm {
  std::vector<std::int64_t> axes = {0, 2, 3};
  float epsilon = 1e-9F;

  static constexpr std::string_view kName = "mean_variance_norm";
  static constexpr auto fields() {
    return std::make_tuple(field("axes", &MeanVarianceNorm::axes),
                           field("epsilon", &MeanVarianceNorm::epsilon));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
