#include "ops/matmul.hpp"

#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

Dims matmul_output_dims(const InferContext& context, Dims a, Dims b, bool transpose_a, bool transpose_b) {
  if (a.empty() || b.empty()) context.fail("expected operands of rank 1 or more, found a scalar");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.emplace_back(1);
  if (transpose_a && !row) std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (transpose_b && !column) std::swap(b[b.size() - 1], b[b.size() - 2]);
  merge_dim(context, a[a.size() - 1], b[b.size() - 2], "inner sizes of the product:");
  Dims result = broadcast_dims(context, Dims(a.begin(), a.end() - 2), Dims(b.begin(), b.end() - 2));
  if (!row) result.push_back(a[a.size() - 2]);
  if (!column) result.push_back(b.back());
  return result;
}

std::vector<Inference> MatMul::infer(InferContext& context) const {
  context.require_inputs(2, kFirstEpilogueOperand + std::max<std::size_t>(epilogue.inputs, 1) - 1);
  context.require_dtype(0, {DataType::f32, DataType::f64, DataType::f16, DataType::bf16, DataType::i32,
                            DataType::i64, DataType::u32, DataType::u64});
  context.require_same_dtype(0, 1);
  if (is_integer(context.dtype(0)) && alpha != 1.0F)
    context.fail(fmt::format("alpha {} for an integer product", alpha));
  TensorType result;
  result.dtype = context.dtype(0);
  if (context.has_rank(0) && context.has_rank(1)) {
    result.dims = matmul_output_dims(context, context.dims(0), context.dims(1), transpose_a, transpose_b);
  }
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_rank(context, 2, 1);
    require_rank_at_least(context, 1, 2);
    if (context.has_rank(2) && result.dims)
      merge_dim(context, context.dims(2)[0], result.dims->back(), "bias and last dim:");
  }
  return {infer_epilogue(context, epilogue, result, kFirstEpilogueOperand)};
}

std::vector<ValueId> MatMul::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  return split_epilogue(*this, builder, inputs);
}

}  // namespace op

void register_op_matmul(OpRegistry& registry) { registry.add<op::MatMul>(); }

}  // namespace tenon
