#include "ops/qlinear_conv.hpp"

#include "ops/binary.hpp"
#include "ops/conv.hpp"
#include "ops/conv_window.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/quantize_linear.hpp"

namespace tenon {
namespace op {

std::vector<Inference> QLinearConv::infer(InferContext& context) const {
  context.require_inputs(8, 9);
  for (const std::size_t i : {kX, kW, kYZero}) context.require_dtype(i, {DataType::u8, DataType::i8});
  for (const std::size_t i : {kXScale, kWScale, kYScale}) context.require_dtype(i, {DataType::f32});
  context.require_same_dtype(kX, kXZero);
  context.require_same_dtype(kW, kWZero);
  for (const std::size_t i : {kXScale, kXZero, kYScale, kYZero}) require_one_element(context, i);
  std::optional<Dims> dims;
  if (context.has_rank(kX) && context.has_rank(kW)) {
    dims = conv_output_dims(context, window_fields(*this), group, context.dims(kX), context.dims(kW));
  }
  for (const std::size_t i : {kWScale, kWZero}) {
    if (!dims || !context.has_rank(i) || product(context.dims(i)).is_const(1)) continue;
    require_rank(context, i, 1);
    merge_dim(context, context.dims(i)[0], (*dims)[1], "weight parameter and output channels");
  }
  if (context.has(kBias)) {
    context.require_dtype(kBias, {DataType::i32});
    require_rank(context, kBias, 1);
    if (dims && context.has_rank(kBias))
      merge_dim(context, context.dims(kBias)[0], (*dims)[1], "bias and output channels");
  }
  return {tensor_type(context.dtype(kYZero), std::move(dims))};
}

std::vector<ValueId> QLinearConv::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  DequantizeLinear per_tensor;
  DequantizeLinear per_channel;
  per_channel.axis = 0;
  const ValueId x = builder.add(per_tensor, {inputs[kX], inputs[kXScale], inputs[kXZero]});
  const ValueId w = builder.add(per_channel, {inputs[kW], inputs[kWScale], inputs[kWZero]});
  std::vector<ValueId> operands{x, w};
  if (inputs.size() > kBias && inputs[kBias].valid()) {
    const ValueId scale = builder.add(binary(PointwiseFn::mul), {inputs[kWScale], inputs[kXScale]});
    operands.push_back(builder.add(per_channel, {inputs[kBias], scale}));
  }
  const ValueId y = builder.add(with_window_of<Conv>(*this), std::move(operands));
  return {builder.add(QuantizeLinear{}, {y, inputs[kYScale], inputs[kYZero]})};
}

}  // namespace op

void register_op_qlinear_conv(OpRegistry& registry) { registry.add<op::QLinearConv>(); }

}  // namespace tenon
