// lp_norm: x divided by its L1 (p = 1) or L2 (p = 2) norm along `axis`; where the norm is 0 the result is 0.
//
// Operand: x, float, rank 1 or more. Result: x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct LpNorm {
  std::int64_t axis = -1;
  std::int64_t p = 2;

  static constexpr std::string_view kName = "lp_norm";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &LpNorm::axis), field("p", &LpNorm::p));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
