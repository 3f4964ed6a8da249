#include "ops/non_zero.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> NonZero::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = plain_tensor(context, 0);
  const Dim rank = data.dims ? Dim(static_cast<std::int64_t>(data.dims->size())) : Dim::unknown();
  return {tensor_type(DataType::i64, Dims{rank, Dim::unknown()})};
}

}  // namespace op

void register_op_non_zero(OpRegistry& registry) { registry.add<op::NonZero>(); }

}  // namespace tenon
