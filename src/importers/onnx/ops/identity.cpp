// Identity and Dropout, which at inference is one.
#include "ops/identity.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/shape.hpp"

namespace tenon::onnx {
namespace {

Values identity(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::Identity{}, {node.input(0)}));
}

// Operand 2 asks for training since opset 12.
void require_inference(NodeContext& node) {
  if (!node.has(2)) return;
  const Tensor* training = node.constant(2);
  if (training == nullptr || training->dtype() != DataType::boolean || training->elements() != 1) {
    node.fail("training_mode must be a constant");
  }
  const bool drops = !node.has(1) || node.known_number(1) != 0.0;
  if (training->values<bool>()[0] && drops) node.fail("training mode is not supported");
}

Values dropout(NodeContext& node) {
  node.require_inputs(1, 3);
  node.ignore_attrs({"ratio", "seed", "is_test", "consumed_inputs"});
  require_inference(node);
  const ValueId data = node.input(0);
  Values outputs = {node.add(op::Identity{}, {data})};
  if (node.wants(1)) {
    const DataType dtype = node.opset() < 10 ? node.dtype(0) : DataType::boolean;
    const ValueId shape = node.add(op::ShapeOf{}, {data});
    outputs.push_back(node.add(op::ConstantOfShape{scalar_tensor(dtype, 1)}, {shape}));
  }
  return outputs;
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_identity(onnx::Registry& registry) {
  registry.add("Dropout", onnx::dropout);
  registry.add("Identity", onnx::identity);
}

}  // namespace tenon
