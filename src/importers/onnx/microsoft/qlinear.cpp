// com.microsoft: operators on quantized tensors that are the standard's operators between a dequantization
// and a quantization: QLinearAdd, QLinearMul, QLinearWhere, QLinearConcat, QLinearLeakyRelu, QLinearSigmoid,
// QLinearSoftmax, QLinearReduceMean, QLinearAveragePool, QLinearGlobalAveragePool.
#include "importers/onnx/microsoft/microsoft.hpp"
#include "ops/concat.hpp"
#include "ops/where.hpp"

namespace tenon::onnx {
namespace {

template <PointwiseFn kFn>
Values qlinear_binary(NodeContext& node) {
  node.require_inputs(2, 8);
  const ValueId result = combine(node, kFn, dequantized(node, 0), dequantized(node, 3));
  return one(quantized(node, result, 6, node.dtype(0)));
}

Values qlinear_where(NodeContext& node) {
  node.require_inputs(3, 9);
  const ValueId result = node.add(op::Where{}, {node.input(0), dequantized(node, 1), dequantized(node, 4)});
  return one(quantized(node, result, 7, node.dtype(1)));
}

Values qlinear_concat(NodeContext& node) {
  if (node.input_count() < 5 || node.input_count() % 3 != 2)
    node.fail("expected scale and zero point of the result, then each part with its own");
  Values parts;
  for (std::size_t i = 2; i < node.input_count(); i += 3) parts.push_back(dequantized(node, i));
  const ValueId result = node.convert_as("Concat", 13, std::move(parts)).front();
  return one(quantized(node, result, 0, node.dtype(1)));
}

// x, its scale and zero point, scale and zero point of the result.
Values through_floats(NodeContext& node, std::string_view op_type, std::int64_t opset) {
  node.require_inputs(2, 5);
  const ValueId result = node.convert_as(op_type, opset, {dequantized(node, 0)}).front();
  return one(quantized(node, result, 3, node.dtype(0)));
}

Values qlinear_leaky_relu(NodeContext& node) { return through_floats(node, "LeakyRelu", 16); }
Values qlinear_sigmoid(NodeContext& node) { return through_floats(node, "Sigmoid", 13); }
Values qlinear_softmax(NodeContext& node) { return through_floats(node, "Softmax", node.attr_int("opset")); }
Values qlinear_reduce_mean(NodeContext& node) { return through_floats(node, "ReduceMean", 13); }

Values qlinear_pool(NodeContext& node, std::string_view op_type, std::int64_t opset) {
  if (!node.attr_bool("channels_last", false)) return through_floats(node, op_type, opset);
  node.require_inputs(2, 5);
  const ValueId x = channels_first(node, dequantized(node, 0));
  const ValueId result = channels_last(node, node.convert_as(op_type, opset, {x}).front());
  return one(quantized(node, result, 3, node.dtype(0)));
}

Values qlinear_average_pool(NodeContext& node) { return qlinear_pool(node, "AveragePool", 11); }
Values qlinear_global_average_pool(NodeContext& node) { return qlinear_pool(node, "GlobalAveragePool", 1); }

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_qlinear(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the table reads better without prefixes
  registry.add("QLinearAdd", qlinear_binary<PointwiseFn::add>, {}, kMicrosoft);
  registry.add("QLinearAveragePool", qlinear_average_pool, {}, kMicrosoft);
  registry.add("QLinearConcat", qlinear_concat, {}, kMicrosoft);
  registry.add("QLinearGlobalAveragePool", qlinear_global_average_pool, {}, kMicrosoft);
  registry.add("QLinearLeakyRelu", qlinear_leaky_relu, {}, kMicrosoft);
  registry.add("QLinearMul", qlinear_binary<PointwiseFn::mul>, {}, kMicrosoft);
  registry.add("QLinearReduceMean", qlinear_reduce_mean, {}, kMicrosoft);
  registry.add("QLinearSigmoid", qlinear_sigmoid, {}, kMicrosoft);
  registry.add("QLinearSoftmax", qlinear_softmax, {}, kMicrosoft);
  registry.add("QLinearWhere", qlinear_where, {}, kMicrosoft);
}

}  // namespace tenon
