#include "ops/matmul_max.hpp"

#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"
#include "ops/reduce.hpp"

namespace tenon {
namespace op {

std::vector<Inference> MatMulMax::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  require_rank_at_least(context, 0, 2);
  require_rank(context, 1, 2);
  if (epilogue.inputs > 1) context.fail("an epilogue with operands of its own");
  TensorType product;
  product.dtype = context.dtype(0);
  if (context.has_rank(0) && context.has_rank(1))
    product.dims = matmul_output_dims(context, context.dims(0), context.dims(1), false, false);
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_rank(context, 2, 1);
    if (context.has_rank(2) && product.dims)
      merge_dim(context, context.dims(2)[0], product.dims->back(), "bias and last dim:");
  }
  TensorType result = infer_epilogue(context, epilogue, product, 3);
  if (result.dims) {
    const auto rows = result.dims->end() - 2;
    if (keep_dims) {
      *rows = Dim(1);
    } else {
      result.dims->erase(rows);
    }
  }
  return {Inference{Type(result)}};
}

std::vector<ValueId> MatMulMax::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  MatMul product;
  product.epilogue = epilogue;
  Reduce largest;
  largest.fn = ReduceFn::max;
  largest.axes = {-2};
  largest.keep_dims = keep_dims;
  return {builder.add(largest, {builder.add(product, {inputs.begin(), inputs.end()})})};
}

}  // namespace op

void register_op_matmul_max(OpRegistry& registry) { registry.add<op::MatMulMax>(); }

}  // namespace tenon
