#include "ops/bernoulli.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Bernoulli::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& p = plain_tensor(context, 0);
  require_float(context, 0);
  const DataType result = dtype.value_or(p.dtype);
  if (!is_floating_point(result) && !is_integer(result) && result != DataType::boolean) {
    context.fail(fmt::format("the result cannot be {}", name(result)));
  }
  return {tensor_type(result, p.dims)};
}

}  // namespace op

void register_op_bernoulli(OpRegistry& registry) { registry.add<op::Bernoulli>(); }

}  // namespace tenon
