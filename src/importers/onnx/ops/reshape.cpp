// Operators that only change the shape: Reshape, Flatten, Squeeze, Unsqueeze, Expand, Transpose; and Shape
// and Size.
#include "ops/reshape.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/expand.hpp"
#include "ops/flatten.hpp"
#include "ops/shape.hpp"
#include "ops/size.hpp"
#include "ops/squeeze.hpp"
#include "ops/transpose.hpp"
#include "ops/unsqueeze.hpp"

namespace tenon::onnx {
namespace {

Values reshape_attribute(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"consumed_inputs"});
  return one(reshape(node, node.input(0), node.attr_ints("shape")));
}

Values reshape_operand(NodeContext& node) {
  node.require_inputs(2, 2);
  const bool allow_zero = node.attr_bool("allowzero", false);
  return one(node.add(op::Reshape{allow_zero}, {node.input(0), node.input(1)}));
}

Values flatten(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::Flatten{node.attr_int("axis", 1)}, {node.input(0)}));
}

Values squeeze(NodeContext& node) {
  node.require_inputs(1, 2);
  IntsArgument axes = ints_argument(node, "axes", 13, 1);
  Values operands = {node.input(0)};
  if (axes.operand.valid()) operands.push_back(axes.operand);
  return one(node.add(op::Squeeze{std::move(axes.known)}, std::move(operands)));
}

Values unsqueeze(NodeContext& node) {
  node.require_inputs(1, 2);
  IntsArgument axes = ints_argument(node, "axes", 13, 1);
  if (!axes.given()) node.fail("the axes are missing");
  Values operands = {node.input(0)};
  if (axes.operand.valid()) operands.push_back(axes.operand);
  return one(node.add(op::Unsqueeze{std::move(axes.known)}, std::move(operands)));
}

Values expand(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::Expand{}, {node.input(0), node.input(1)}));
}

Values transpose(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::Transpose{node.attr_ints("perm")}, {node.input(0)}));
}

Values shape(NodeContext& node) {
  node.require_inputs(1, 1);
  op::ShapeOf op;
  op.start = node.attr_int("start", 0);
  op.end = node.find_int("end");
  return one(node.add(op, {node.input(0)}));
}

Values size(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::SizeOf{}, {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_reshape(onnx::Registry& registry) {
  registry.add("Expand", onnx::expand, {8});
  registry.add("Flatten", onnx::flatten);
  registry.add("Reshape", onnx::reshape_attribute, {1, 4});
  registry.add("Reshape", onnx::reshape_operand, {5});
  registry.add("Shape", onnx::shape);
  registry.add("Size", onnx::size);
  registry.add("Squeeze", onnx::squeeze);
  registry.add("Transpose", onnx::transpose);
  registry.add("Unsqueeze", onnx::unsqueeze);
}

}  // namespace tenon
