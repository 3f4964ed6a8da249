#include "ops/dynamic_quantize_linear.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> DynamicQuantizeLinear::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::f32});
  return {tensor_type(DataType::u8, context.tensor(0).dims), tensor_type(DataType::f32, Dims{}),
          tensor_type(DataType::u8, Dims{})};
}

}  // namespace op

void register_op_dynamic_quantize_linear(OpRegistry& registry) { registry.add<op::DynamicQuantizeLinear>(); }

}  // namespace tenon
