#include "ops/where.hpp"

#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <array>

namespace tenon {
namespace op {
namespace {

std::optional<Dims> select_values(const InferContext& context) {
  const Tensor* condition = context.constant(0);
  const std::optional<Dims> a = known_value(context, 1);
  const std::optional<Dims> b = known_value(context, 2);
  if (condition == nullptr || condition->dtype() != DataType::boolean || condition->rank() > 1 || !a || !b) {
    return std::nullopt;
  }
  const auto chosen = condition->values<bool>();
  std::size_t count = 1;
  for (const std::size_t size : {chosen.size(), a->size(), b->size()}) {
    if (size != 1) count = size;
  }
  for (const std::size_t size : {chosen.size(), a->size(), b->size()}) {
    if (size != 1 && size != count) return std::nullopt;
  }
  Dims result;
  for (std::size_t i = 0; i < count; ++i) {
    const Dims& side = chosen[chosen.size() == 1 ? 0 : i] ? *a : *b;
    result.push_back(side[side.size() == 1 ? 0 : i]);
  }
  return result;
}

}  // namespace

std::vector<Inference> Where::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const std::array<DataType, 3> operands{context.dtype(0), context.dtype(1), context.dtype(2)};
  const DataType result = pointwise_dtype(context, PointwiseFn::where, operands);
  return {Inference(tensor_type(result, broadcast_operands(context, 0, 3)), select_values(context))};
}

}  // namespace op

void register_op_where(OpRegistry& registry) { registry.add<op::Where>(); }

}  // namespace tenon
