#include "ops/flatten.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Flatten::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  if (!data.dims) return {moved(data, unknown_dims(2))};
  const auto rank = static_cast<std::int64_t>(data.dims->size());
  if (axis < -rank || axis > rank)
    context.fail(fmt::format("axis {} is outside [-{}, {}]", axis, rank, rank));
  const auto middle = data.dims->begin() + (axis < 0 ? axis + rank : axis);
  return {moved(data, Dims{product({data.dims->begin(), middle}), product({middle, data.dims->end()})})};
}

}  // namespace op

void register_op_flatten(OpRegistry& registry) { registry.add<op::Flatten>(); }

}  // namespace tenon
