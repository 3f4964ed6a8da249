#include "ops/quantized_conv.hpp"

#include "ops/conv.hpp"
#include "ops/conv_window.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/quantized.hpp"
#include "ops/reshape.hpp"

namespace tenon {
namespace op {
namespace {

// [M] → [M, 1, …], which broadcasts along the channels.
ValueId along_channels(NodeBuilder& builder, ValueId multiplier, std::size_t rank) {
  const TensorType& type = builder.type(multiplier).as_tensor();
  if (!type.dims || type.dims->empty()) return multiplier;
  Shape shape(rank - 1, 1);
  if (const Tensor* constant = builder.constant(multiplier)) {
    shape[0] = constant->elements();
    return builder.add_constant(constant->reshaped(std::move(shape)));
  }
  shape[0] = -1;
  const ValueId operand = builder.add_constant(Tensor::of<std::int64_t>({std::ssize(shape)}, shape));
  return builder.add(Reshape{}, {multiplier, operand});
}

bool has_operand(std::span<const ValueId> inputs, std::size_t i) {
  return i < inputs.size() && inputs[i].valid();
}

}  // namespace

std::vector<Inference> QuantizedConv::infer_result(InferContext& context, std::optional<Dims> dims) const {
  context.require_dtype(kX, {DataType::i8, DataType::u8});
  context.require_dtype(kW, {DataType::i8});
  check_zero_point(context, "x_zero", x_zero, context.dtype(kX));
  check_activation(context, activation, alpha, beta);
  check_quantized_result(context, output_dtype, y_zero);
  const Dim channels = dims ? (*dims)[1] : Dim();
  check_multiplier(context, kMultiplier, channels);
  if (context.has(kBias)) check_integer_bias(context, kBias, channels);
  if (context.has(kResidual)) check_residual(context, kResidual, dims, residual_zero);
  return {tensor_type(output_dtype, std::move(dims))};
}

std::vector<Inference> QuantizedConv::infer(InferContext& context) const {
  context.require_inputs(3, 5);
  std::optional<Dims> dims;
  if (context.has_rank(kX) && context.has_rank(kW))
    dims = conv_output_dims(context, window_fields(*this), group, context.dims(kX), context.dims(kW));
  return infer_result(context, std::move(dims));
}

std::vector<ValueId> QuantizedConv::float_operands(NodeBuilder& builder,
                                                   std::span<const ValueId> inputs) const {
  const std::size_t rank = builder.type(inputs[kX]).as_tensor().dims->size();
  std::vector<ValueId> operands{dequantized(builder, inputs[kX], x_zero), dequantized(builder, inputs[kW], 0),
                                has_operand(inputs, kBias) ? as_floats(builder, inputs[kBias]) : ValueId{},
                                along_channels(builder, inputs[kMultiplier], rank)};
  if (has_operand(inputs, kResidual))
    operands.push_back(dequantized(builder, inputs[kResidual], residual_zero, residual_multiplier));
  return operands;
}

PointwiseProgram QuantizedConv::float_epilogue(std::span<const ValueId> inputs) const {
  return requantize_program(has_operand(inputs, kResidual), activation, alpha, beta);
}

std::vector<ValueId> QuantizedConv::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  if (!builder.type(inputs[kX]).as_tensor().dims) return {};
  auto conv = with_window_of<Conv>(*this);
  conv.epilogue = float_epilogue(inputs);
  return {quantized(builder, builder.add(conv, float_operands(builder, inputs)), y_zero, output_dtype)};
}

}  // namespace op

void register_op_quantized_conv(OpRegistry& registry) { registry.add<op::QuantizedConv>(); }

}  // namespace tenon
