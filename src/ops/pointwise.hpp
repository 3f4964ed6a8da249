// pointwise: a fused group of elementwise operators. Its operands are broadcast together, the program runs on
// each element.
//
// Operands: one per input register of the program. Result: the broadcast shape; the dtype of the last
// register. Each instruction rounds to its register's dtype, so the result equals that of the separate
// operators.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct Pointwise {
  PointwiseProgram program;

  static constexpr std::string_view kName = "pointwise";
  static constexpr auto fields() { return std::make_tuple(field("program", &Pointwise::program)); }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
