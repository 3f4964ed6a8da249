#include "ops/unary.hpp"

#include "base/check.hpp"
#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

Unary unary(PointwiseFn fn) {
  const PointwiseInfo& row = info(fn);
  TENON_CHECK(row.arity == 1, "{} has {} operands, expected 1", row.name, row.arity);
  return Unary{fn, row.alpha, row.beta};
}

std::vector<Inference> Unary::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const DataType x = context.dtype(0);
  const DataType result = pointwise_dtype(context, fn, {&x, 1});
  std::optional<Dims> value = known_value(context, 0);
  if (value && fn == PointwiseFn::neg) {
    for (Dim& dim : *value) dim = Dim(0) - dim;
  } else {
    value.reset();
  }
  return {Inference(tensor_type(result, context.tensor(0).dims), std::move(value))};
}

}  // namespace op

void register_op_unary(OpRegistry& registry) {
  for (int i = 0; i < pointwise_fn_count(); ++i) {
    const auto fn = static_cast<PointwiseFn>(i);
    if (info(fn).arity == 1) registry.add(op::unary(fn));
  }
}

}  // namespace tenon
