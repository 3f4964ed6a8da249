#include "ops/top_k.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> TopK::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const TensorType& data = plain_tensor(context, 0);
  const IntArgument argument = int_argument(context, "k", k, 1);
  if (!argument.given) context.fail("k is missing");
  require_numeric(context, 0);
  if (!data.dims) return {moved(data, {}), tensor_type(DataType::i64, {})};
  Dims dims = *data.dims;
  Dim& along = dims[static_cast<std::size_t>(normalize_axis(context, axis, dims.size()))];
  const Dim wanted = argument.values ? argument.values->front() : Dim::unknown();
  if (wanted.is_const() && (wanted.value() < 0 || (along.is_const() && wanted.value() > along.value()))) {
    context.fail(fmt::format("k is {}, expected 0 to {}", wanted.value(), along.to_string()));
  }
  along = wanted;
  return {moved(data, dims), tensor_type(DataType::i64, dims)};
}

}  // namespace op

void register_op_top_k(OpRegistry& registry) { registry.add<op::TopK>(); }

}  // namespace tenon
