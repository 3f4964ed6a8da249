#include "ops/quantized_conv_transpose.hpp"

#include "ops/conv_transpose.hpp"
#include "ops/conv_window.hpp"
#include "ops/quantized.hpp"

namespace tenon {
namespace op {

std::vector<Inference> QuantizedConvTranspose::infer(InferContext& context) const {
  context.require_inputs(3, 5);
  std::optional<Dims> dims;
  if (context.has_rank(kX) && context.has_rank(kW)) {
    dims = conv_transpose_output_dims(context, with_window_of<ConvTranspose>(*this), context.dims(kX),
                                      context.dims(kW));
  }
  return infer_result(context, std::move(dims));
}

std::vector<ValueId> QuantizedConvTranspose::decompose(NodeBuilder& builder,
                                                       std::span<const ValueId> inputs) const {
  if (!builder.type(inputs[kX]).as_tensor().dims) return {};
  auto conv = with_window_of<ConvTranspose>(*this);
  conv.epilogue = float_epilogue(inputs);
  return {quantized(builder, builder.add(conv, float_operands(builder, inputs)), y_zero, output_dtype)};
}

}  // namespace op

void register_op_quantized_conv_transpose(OpRegistry& registry) {
  registry.add<op::QuantizedConvTranspose>();
}

}  // namespace tenon
