// det(x) → the determinant of each square matrix in the last two axes of `x`.
//
//   x       [..., M, M], a floating-point dtype
//   result  [...], x's dtype; the determinant of a 0×0 matrix is 1
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Det {
  static constexpr std::string_view kName = "det";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
