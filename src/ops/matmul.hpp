// matmul: y = epilogue(alpha · op(a) · op(b) + bias), op = transpose of the last two axes where asked.
//
// Operands: a, b (numpy rules: a rank-1 operand is a row or column vector whose axis vanishes from the
// result, transposition does not apply to it; leading axes broadcast), bias [N] or absent (added along the
// last axis; wants b of rank 2 or more), then the epilogue's registers 1 … n. One dtype: f16, bf16, f32, f64,
// i32, i64, u32, u64 (integers wrap, alpha must be 1). Decomposes into matmul without epilogue + pointwise;
// into nothing when there is no epilogue.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct MatMul {
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1;
  PointwiseProgram epilogue;

  static constexpr std::string_view kName = "matmul";
  static constexpr std::size_t kFirstEpilogueOperand = 3;
  static constexpr auto fields() {
    return std::make_tuple(field("transpose_a", &MatMul::transpose_a),
                           field("transpose_b", &MatMul::transpose_b), field("alpha", &MatMul::alpha),
                           field("epilogue", &MatMul::epilogue));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

// Dims of the product under numpy's rules; fails when the inner dims clash.
Dims matmul_output_dims(const InferContext& context, Dims a, Dims b, bool transpose_a, bool transpose_b);

}  // namespace tenon::op
