#include "ops/quantized_attention.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/quantized.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon {
namespace op {

std::vector<Inference> QuantizedAttention::infer(InferContext& context) const {
  context.require_inputs(3, 4);
  for (const std::size_t i : {kQ, kK, kV}) context.require_dtype(i, {DataType::i8, DataType::u8});
  if (context.has(kMask)) context.require_dtype(kMask, {DataType::f32});
  check_zero_point(context, "q_zero", q_zero, context.dtype(kQ));
  check_zero_point(context, "v_zero", v_zero, context.dtype(kV));
  check_quantized_result(context, output_dtype, y_zero);
  if (!std::isfinite(score_multiplier) || !std::isfinite(y_multiplier))
    context.fail(fmt::format("multipliers {} and {}", score_multiplier, y_multiplier));
  return {tensor_type(output_dtype, attention_dims(context, heads, kv_heads))};
}

Attention QuantizedAttention::of_floats() const {
  Attention attention;
  attention.heads = heads;
  attention.kv_heads = kv_heads;
  return attention;
}

std::vector<ValueId> QuantizedAttention::decompose(NodeBuilder& builder,
                                                   std::span<const ValueId> inputs) const {
  const auto middle = [&](ValueId id) { return byte_middle(builder.type(id).as_tensor().dtype); };
  std::vector<ValueId> operands{dequantized(builder, inputs[kQ], q_zero, score_multiplier),
                                dequantized(builder, inputs[kK], middle(inputs[kK])),
                                dequantized(builder, inputs[kV], v_zero, y_multiplier)};
  if (inputs.size() > kMask && inputs[kMask].valid()) operands.push_back(inputs[kMask]);
  return {quantized(builder, builder.add(of_floats(), std::move(operands)), y_zero, output_dtype)};
}

}  // namespace op

void register_op_quantized_attention(OpRegistry& registry) { registry.add<op::QuantizedAttention>(); }

}  // namespace tenon
