// matmul_max: y = max over the rows of epilogue(a · b + bias): a product whose rows are not wanted, only the
// largest element of each column.
//
// Operands: a [..., M, K], b [K, N], bias [N] or absent; f16, bf16, f32 or f64. The epilogue has no operands
// of its own. Result: [..., N], or [..., 1, N] with keep_dims; a NaN wins. Decomposes into matmul +
// reduce_max.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct MatMulMax {
  bool keep_dims = true;
  PointwiseProgram epilogue;

  static constexpr std::string_view kName = "matmul_max";
  static constexpr auto fields() {
    return std::make_tuple(field("keep_dims", &MatMulMax::keep_dims),
                           field("epilogue", &MatMulMax::epilogue));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
