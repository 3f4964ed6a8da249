#include "ops/cumulative.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {
namespace {

std::vector<Inference> infer_cumulative(const InferContext& context) {
  context.require_inputs(2, 2);
  require_numeric(context, 0);
  context.require_dtype(1, {DataType::i32, DataType::i64});
  require_max_rank(context, 1, 1);
  const auto axis = context.constant_ints(1);
  if (axis && axis->size() != 1) context.fail("expected one axis");
  if (axis && context.has_rank(0)) {
    normalize_axis(context, axis->front(), context.dims(0).size());
  }
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace

std::vector<Inference> CumSum::infer(InferContext& context) const { return infer_cumulative(context); }
std::vector<Inference> CumProd::infer(InferContext& context) const { return infer_cumulative(context); }

}  // namespace op

void register_op_cumulative(OpRegistry& registry) {
  registry.add<op::CumSum>();
  registry.add<op::CumProd>();
}

}  // namespace tenon
