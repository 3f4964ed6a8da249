// Constants become initializers; constant_of_shape, and identity of what moves between memories.
#include "ir/constant.hpp"

#include "exporters/onnx/node_writer.hpp"
#include "ops/constant_of_shape.hpp"

namespace tenon::onnx_export {
namespace {

void constant(NodeWriter& node) {
  const ValueId value = node.node().outputs.front();
  const std::string& hint = node.graph().value(value).name;
  node.define_output(node.constant(node.op<op::Constant>().value, hint.empty() ? "constant" : hint));
}

// The operator of ONNX fills with numbers only.
void constant_of_shape(NodeWriter& node) {
  const Tensor& value = node.op<op::ConstantOfShape>().value;
  switch (value.dtype()) {
    case DataType::string:
    case DataType::c64:
    case DataType::c128: node.finish("Expand", {node.constant(value.reshaped({})), node.input(0)}); break;
    default: node.finish("ConstantOfShape", {node.input(0)}, {{"value", value.reshaped({1})}});
  }
}

void copy(NodeWriter& node) { node.finish("Identity", {node.input(0)}); }

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_constant(onnx_export::Registry& registry) {
  registry.add("constant", onnx_export::constant);
  registry.add("constant_of_shape", onnx_export::constant_of_shape);
  registry.add("copy", onnx_export::copy);
}

}  // namespace tenon
