#include "ops/size.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> SizeOf::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& data = context.tensor(0);
  std::optional<Dims> value;
  if (data.dims) value = Dims{product(*data.dims)};
  return {{tensor_type(DataType::i64, Dims{}), std::move(value)}};
}

}  // namespace op

void register_op_size(OpRegistry& registry) { registry.add<op::SizeOf>(); }

}  // namespace tenon
