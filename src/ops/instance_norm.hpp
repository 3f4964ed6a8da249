// instance_norm: each channel of each sample normalized by its own mean and variance over the spatial axes,
// then scaled: y = (x - mean) / sqrt(var + epsilon) · scale[c] + bias[c].
//
// Operands: x [N, C, spatial…] (rank 3 or more), scale [C], bias [C]. Float. Result: x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct InstanceNorm {
  float epsilon = 1e-5F;

  static constexpr std::string_view kName = "instance_norm";
  static constexpr auto fields() { return std::make_tuple(field("epsilon", &InstanceNorm::epsilon)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
