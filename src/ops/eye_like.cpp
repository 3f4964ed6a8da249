#include "ops/eye_like.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> EyeLike::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  require_rank(context, 0, 2);
  const DataType result = dtype.value_or(data.dtype);
  if (!is_floating_point(result) && !is_integer(result) && result != DataType::boolean) {
    context.fail(fmt::format("element type {} has no 1", name(result)));
  }
  return {tensor_type(result, data.dims ? *data.dims : unknown_dims(2))};
}

}  // namespace op

void register_op_eye_like(OpRegistry& registry) { registry.add<op::EyeLike>(); }

}  // namespace tenon
