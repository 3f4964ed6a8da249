// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "importers/onnx/converters.hpp"
#include "importers/onnx/types.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/dynamic_quantize_linear.hpp"
#include "ops/quantize_linear.hpp"

namespace tenon::onnx {
namespace {

// Code 0 means: not given.
std::optional<DataType> optional_dtype(NodeContext& node, std::string_view name) {
  const std::int64_t code = node.attr_int(name, 0);
  return code == 0 ? std::nullopt : std::optional(data_type(code));
}

Values quantize_linear(NodeContext& node) {
  node.require_inputs(2, 3);
  op::QuantizeLinear op;
  op.axis = node.attr_int("axis", 1);
  op.block_size = node.attr_int("block_size", 0);
  op.saturate = node.attr_bool("saturate", true);
  op.output_dtype = optional_dtype(node, "output_dtype");
  op.precision = optional_dtype(node, "precision");
  return one(node.add(op, node.inputs()));
}

Values dequantize_linear(NodeContext& node) {
  node.require_inputs(2, 3);
  op::DequantizeLinear op;
  op.axis = node.attr_int("axis", 1);
  op.block_size = node.attr_int("block_size", 0);
  op.output_dtype = optional_dtype(node, "output_dtype");
  return one(node.add(op, node.inputs()));
}

Values dynamic_quantize_linear(NodeContext& node) {
  node.require_inputs(1, 1);
  return node.add_node(op::DynamicQuantizeLinear{}, {node.input(0)});
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_quantize(onnx::Registry& registry) {
  registry.add("DequantizeLinear", onnx::dequantize_linear, {10});
  registry.add("DynamicQuantizeLinear", onnx::dynamic_quantize_linear, {11});
  registry.add("QuantizeLinear", onnx::quantize_linear, {10});
}

}  // namespace tenon
