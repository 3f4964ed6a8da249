// com.microsoft: products of quantized operands: QLinearConv, QGemm, DynamicQuantizeMatMul,
// MatMulIntegerToFloat, MatMulInteger16, DynamicQuantizeLSTM; and QuantizeLinear, DequantizeLinear.
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/matmul.hpp"
#include "ops/matmul_integer.hpp"

namespace tenon::onnx {
namespace {

// Per tensor, where the axis does not matter, or along `axis`.
Values quantize_linear_ms(NodeContext& node) { return node.convert_as("QuantizeLinear", 21, node.inputs()); }
Values dequantize_linear_ms(NodeContext& node) {
  return node.convert_as("DequantizeLinear", 21, node.inputs());
}

Values qlinear_conv_ms(NodeContext& node) {
  Values operands = node.inputs();
  const bool last = node.attr_bool("channels_last", false);
  if (last) operands.front() = channels_first(node, node.input(0));
  const ValueId y = node.convert_as("QLinearConv", 10, std::move(operands)).front();
  return one(last ? channels_last(node, y) : y);
}

ValueId integer_product(NodeContext& node, ValueId a, ValueId b, ValueId a_zero, ValueId b_zero) {
  if (a_zero.valid()) a_zero = as_scalar(node, a_zero);
  if (b_zero.valid()) b_zero = as_scalar(node, b_zero);
  Values operands = {a, b, a_zero, b_zero};
  while (!operands.back().valid()) operands.pop_back();
  return node.add(op::MatMulInteger{}, std::move(operands));
}

// product · (a_scale · b_scale) + bias
ValueId scaled_product(NodeContext& node, ValueId product, ValueId a_scale, ValueId b_scale, ValueId bias) {
  const ValueId scale = combine(node, PointwiseFn::mul, as_scalar(node, a_scale), as_scalar(node, b_scale));
  const DataType to = node.type_of(scale).as_tensor().dtype;
  const ValueId y = combine(node, PointwiseFn::mul, cast(node, product, to), scale);
  return bias.valid() ? combine(node, PointwiseFn::add, y, bias) : y;
}

Values dynamic_quantize_matmul(NodeContext& node) {
  node.require_inputs(3, 5);
  const Values a = node.add_node(op::DynamicQuantizeLinear{}, {node.input(0)});
  const ValueId product = integer_product(node, a[0], node.input(1), a[2], node.optional_input(3));
  return one(scaled_product(node, product, a[1], node.input(2), node.optional_input(4)));
}

Values matmul_integer_to_float(NodeContext& node) {
  node.require_inputs(4, 7);
  const Dims* scale = node.dims(2);
  if (scale == nullptr || (!scale->empty() && !(scale->size() == 1 && scale->front().is_const(1))))
    node.fail("a scale for each column of the first operand is not supported");
  const ValueId product =
      integer_product(node, node.input(0), node.input(1), node.optional_input(4), node.optional_input(5));
  return one(scaled_product(node, product, node.input(2), node.input(3), node.optional_input(6)));
}

Values matmul_integer16(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::MatMul{},
                      {cast(node, node.input(0), DataType::i32), cast(node, node.input(1), DataType::i32)}));
}

Values qgemm(NodeContext& node) {
  node.require_inputs(6, 9);
  ValueId a = node.input(0), b = node.input(3);
  if (node.attr_bool("transA", false)) a = permute(node, a, {1, 0});
  if (node.attr_bool("transB", false)) b = permute(node, b, {1, 0});
  const float alpha = node.attr_float("alpha", 1);
  ValueId product = integer_product(node, a, b, node.input(2), node.input(5));
  if (node.has(6)) product = combine(node, PointwiseFn::add, product, node.input(6));
  ValueId scale = node.input(1);
  if (alpha != 1)
    scale =
        combine(node, PointwiseFn::mul, scale, add_scalar(node, node.dtype(1), static_cast<double>(alpha)));
  const ValueId y = scaled_product(node, product, scale, node.input(4), {});
  return one(node.has(7) ? quantized(node, y, 7, node.dtype(0)) : y);
}

// Weights [D, I, 4·H] of the quantized LSTM as [D, 4·H, I] floats; scale and zero point [D] or [D, 4·H].
ValueId lstm_weights(NodeContext& node, std::size_t weights, std::size_t scale) {
  const auto per_column = [&](std::size_t i) {
    return reshape(node, cast(node, node.input(i), DataType::f32),
                   node.rank(i) == 1 ? Ints{0, 1, 1} : Ints{0, 1, -1});
  };
  const ValueId centred =
      combine(node, PointwiseFn::sub, cast(node, node.input(weights), DataType::f32), per_column(scale + 1));
  return permute(node, combine(node, PointwiseFn::mul, centred, per_column(scale)), {0, 2, 1});
}

// The weights are what is quantized; activations stay floats here, which is closer to the network before it
// was quantized.
Values dynamic_quantize_lstm(NodeContext& node) {
  node.require_inputs(3, 12);
  if (node.input_count() != 12) node.fail("scales and zero points of the weights are missing");
  Values operands(node.inputs().begin(), node.inputs().begin() + 8);
  operands[1] = lstm_weights(node, 1, 8);
  operands[2] = lstm_weights(node, 2, 10);
  return node.convert_as("LSTM", 14, std::move(operands));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_quantized_products(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the table reads better without prefixes
  registry.add("DequantizeLinear", dequantize_linear_ms, {}, kMicrosoft);
  registry.add("DynamicQuantizeLSTM", dynamic_quantize_lstm, {}, kMicrosoft);
  registry.add("DynamicQuantizeMatMul", dynamic_quantize_matmul, {}, kMicrosoft);
  registry.add("MatMulInteger16", matmul_integer16, {}, kMicrosoft);
  registry.add("MatMulIntegerToFloat", matmul_integer_to_float, {}, kMicrosoft);
  registry.add("QGemm", qgemm, {}, kMicrosoft);
  registry.add("QLinearConv", qlinear_conv_ms, {}, kMicrosoft);
  registry.add("QuantizeLinear", quantize_linear_ms, {}, kMicrosoft);
}

}  // namespace tenon
