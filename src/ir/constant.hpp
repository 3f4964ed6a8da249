// constant: a tensor that is known when the graph is built. No operands; the result is `value`.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Constant {
  Tensor value;

  static constexpr std::string_view kName = "constant";
  static constexpr auto fields() { return std::make_tuple(field("value", &Constant::value)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
