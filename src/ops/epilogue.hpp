// Epilogues: the pointwise program that convolutions and matrix products apply to their result.
//
// Register 0 is the operator's result with bias, in its output dtype; registers 1 … n are further operands,
// each of the output's shape or broadcastable to it. An empty program means no epilogue.
#pragma once

#include "ir/graph.hpp"
#include "ir/pointwise.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace tenon::op {

// The dtype of a call of `fn` on operands of these dtypes; fails where the function is not defined for them.
DataType pointwise_dtype(const InferContext& context, PointwiseFn fn, std::span<const DataType> operands);

// The dtype of the program's result; fails when registers do not fit or dtypes clash.
DataType program_dtype(const InferContext& context, const PointwiseProgram& program,
                       std::span<const DataType> operands);

// Type of `main` after the epilogue, whose operands start at `first_operand`. Fails unless their number is
// what the program says and they can be broadcast to `main`.
TensorType infer_epilogue(const InferContext& context, const PointwiseProgram& epilogue,
                          const TensorType& main, std::size_t first_operand);

// A pointwise node that applies `epilogue` to `main` and `operands`.
ValueId add_epilogue(NodeBuilder& builder, const PointwiseProgram& epilogue, ValueId main,
                     std::span<const ValueId> operands);

// The decomposition of an operator with a `PointwiseProgram epilogue` whose operands start at
// T::kFirstEpilogueOperand: itself without the epilogue, then a pointwise node. Nothing when there is no
// epilogue.
template <class T>
std::vector<ValueId> split_epilogue(const T& op, NodeBuilder& builder, std::span<const ValueId> inputs) {
  if (op.epilogue.empty()) return {};
  T plain = op;
  plain.epilogue = {};
  const std::size_t own = std::min(inputs.size(), T::kFirstEpilogueOperand);
  const ValueId main =
      builder.add(plain, {inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(own)});
  return {add_epilogue(builder, op.epilogue, main, inputs.subspan(own))};
}

}  // namespace tenon::op
