#include "ops/non_max_suppression.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> NonMaxSuppression::infer(InferContext& context) const {
  context.require_inputs(2, 5);
  context.require_dtype(0, {DataType::f32});
  context.require_dtype(1, {DataType::f32});
  require_rank(context, 0, 3);
  require_rank(context, 1, 3);
  if (context.has(2)) require_index_dtype(context, 2);
  for (std::size_t i = 3; i < 5; ++i) {
    if (context.has(i)) context.require_dtype(i, {DataType::f32});
  }
  if (context.has_rank(0)) merge_dim(context, context.dims(0)[2], 4, "coordinates of a box");
  if (context.has_rank(0) && context.has_rank(1)) {
    merge_dim(context, context.dims(0)[0], context.dims(1)[0], "batch dims of boxes and scores");
    merge_dim(context, context.dims(0)[1], context.dims(1)[2], "box counts of boxes and scores");
  }
  return {tensor_type(DataType::i64, Dims{Dim::unknown(), 3})};
}

}  // namespace op

void register_op_non_max_suppression(OpRegistry& registry) { registry.add<op::NonMaxSuppression>(); }

}  // namespace tenon
