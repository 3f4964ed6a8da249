#include "ops/quantized_add.hpp"

#include "ops/binary.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/quantized.hpp"
#include "ops/unary.hpp"

namespace tenon {
namespace op {

std::vector<Inference> QuantizedAdd::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  for (const std::size_t i : {0, 1}) context.require_dtype(i, {DataType::i8, DataType::u8});
  check_zero_point(context, "a_zero", a_zero, context.dtype(0));
  check_zero_point(context, "b_zero", b_zero, context.dtype(1));
  check_activation(context, activation, alpha, beta);
  check_quantized_result(context, output_dtype, y_zero);
  return {tensor_type(output_dtype, broadcast_operands(context, 0, 2))};
}

std::vector<ValueId> QuantizedAdd::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  const ValueId a = dequantized(builder, inputs[0], a_zero, a_multiplier);
  const ValueId b = dequantized(builder, inputs[1], b_zero, b_multiplier);
  const ValueId v =
      activated(builder, builder.add(binary(PointwiseFn::add), {a, b}), activation, alpha, beta);
  return {quantized(builder, v, y_zero, output_dtype)};
}

}  // namespace op

void register_op_quantized_add(OpRegistry& registry) { registry.add<op::QuantizedAdd>(); }

}  // namespace tenon
