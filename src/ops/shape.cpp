#include "ops/shape.hpp"

#include "ops/shape_inference.hpp"

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> ShapeOf::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = context.tensor(0);
  if (!data.dims) return {tensor_type(DataType::i64, unknown_dims(1))};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  const auto clamped = [rank](std::int64_t position) {
    return std::clamp<std::int64_t>(position < 0 ? position + rank : position, 0, rank);
  };
  const std::int64_t first = clamped(start);
  const std::int64_t last = std::max(first, clamped(end.value_or(rank)));
  return {{tensor_type(DataType::i64, Dims{last - first}),
           Dims(data.dims->begin() + first, data.dims->begin() + last)}};
}

}  // namespace op

void register_op_shape(OpRegistry& registry) { registry.add<op::ShapeOf>(); }

}  // namespace tenon
