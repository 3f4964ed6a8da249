// Slice, Split, Concat, Pad, Tile: what cuts and joins. Arguments that are known become fields, others
// operands.
#include "ops/slice.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/concat.hpp"
#include "ops/pad.hpp"
#include "ops/split.hpp"
#include "ops/tile.hpp"

namespace tenon::onnx {
namespace {

Values slice_attributes(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Slice op;
  op.starts = node.find_ints("starts");
  op.ends = node.find_ints("ends");
  op.axes = node.find_ints("axes");
  if (!op.starts || !op.ends) node.fail("attributes 'starts' and 'ends' are needed");
  return one(node.add(op, {node.input(0)}));
}

Values slice_operands(NodeContext& node, std::size_t most) {
  node.require_inputs(3, most);
  op::Slice op;
  Values operands = {node.input(0)};
  const auto take = [&](std::size_t i, std::optional<Ints>& field) {
    IntsArgument argument = ints_operand(node, i);
    field = std::move(argument.known);
    operands.push_back(argument.operand);
  };
  take(1, op.starts);
  take(2, op.ends);
  take(3, op.axes);
  take(4, op.steps);
  while (!operands.back().valid()) operands.pop_back();
  return one(node.add(std::move(op), std::move(operands)));
}

Values slice(NodeContext& node) { return slice_operands(node, 5); }

// The first opset's experiment with computed bounds, which had no steps.
Values dynamic_slice(NodeContext& node) { return slice_operands(node, 4); }

// The first version also took the sizes as an operand.
Values split(NodeContext& node) {
  node.require_inputs(1, 2);
  op::Split op;
  op.axis = node.attr_int("axis", 0);
  IntsArgument sizes = ints_argument(node, "split", node.opset() == 1 && node.has(1) ? 1 : 13, 1);
  op.sizes = std::move(sizes.known);
  op.num_outputs = node.find_int("num_outputs");
  if (op.num_outputs && sizes.given()) node.fail("'num_outputs' and sizes cannot both be given");
  if (op.num_outputs && *op.num_outputs != static_cast<std::int64_t>(node.def().outputs.size())) {
    node.fail("'num_outputs' is not the number of outputs");
  }
  Values operands = {node.input(0)};
  if (sizes.operand.valid()) operands.push_back(sizes.operand);
  return node.add_node(std::move(op), std::move(operands), node.def().outputs.size());
}

Values concat(NodeContext& node) {
  node.require_inputs(node.input_count(), node.input_count());
  if (node.input_count() == 0) node.fail("no inputs");
  const std::int64_t axis = node.opset() < 4 ? node.attr_int("axis", 1) : node.attr_int("axis");
  return one(node.add(op::Concat{axis}, node.inputs()));
}

op::PadMode pad_mode(NodeContext& node) {
  return static_cast<op::PadMode>(node.attr_choice("mode", {"constant", "reflect", "edge", "wrap"}, 0));
}

Values pad_attributes(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Pad op;
  op.mode = pad_mode(node);
  op.pads = node.find_ints(node.opset() == 1 ? "paddings" : "pads");
  if (!op.pads) node.fail("attribute 'pads' is missing");
  const float value = node.attr_float("value", 0);
  Values operands = {node.input(0)};
  if (value != 0 && op.mode == op::PadMode::constant)
    operands = {node.input(0), {}, add_scalar(node, node.dtype(0), value)};
  return one(node.add(std::move(op), std::move(operands)));
}

Values pad_operands(NodeContext& node) {
  node.require_inputs(2, 4);
  op::Pad op;
  op.mode = pad_mode(node);
  IntsArgument pads = ints_operand(node, 1);
  IntsArgument axes = ints_operand(node, 3);
  op.pads = std::move(pads.known);
  op.axes = std::move(axes.known);
  ValueId value = node.optional_input(2);
  // Some exporters write the scalar as a tensor of one element.
  if (value.valid() && node.dims(2) != nullptr && !node.dims(2)->empty()) value = reshape(node, value, {});
  Values operands = {node.input(0), pads.operand, value, axes.operand};
  while (!operands.back().valid()) operands.pop_back();
  return one(node.add(std::move(op), std::move(operands)));
}

Values tile(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::Tile{}, {node.input(0), node.input(1)}));
}

// The first version repeats along one axis.
Values tile_axis(NodeContext& node) {
  node.require_inputs(3, 3);
  const IntsArgument tiles = ints_operand(node, 1);
  const IntsArgument axis = ints_operand(node, 2);
  if (!tiles.known || !axis.known || tiles.known->size() != 1 || axis.known->size() != 1)
    node.fail("the number of tiles and the axis must be known");
  Ints repeats(static_cast<std::size_t>(node.rank(0)), 1);
  repeats[static_cast<std::size_t>(normalize_axis(node, axis.known->front(), node.rank(0)))] =
      tiles.known->front();
  return one(node.add(op::Tile{}, {node.input(0), node.ints(repeats)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_slice(onnx::Registry& registry) {
  registry.add("Concat", onnx::concat);
  registry.add("Pad", onnx::pad_attributes, {1, 10});
  registry.add("Pad", onnx::pad_operands, {11});
  registry.add("Slice", onnx::slice_attributes, {1, 9});
  registry.add("Slice", onnx::slice, {10});
  registry.add("DynamicSlice", onnx::dynamic_slice, {1, 9});
  registry.add("Split", onnx::split);
  registry.add("Tile", onnx::tile_axis, {1, 5});
  registry.add("Tile", onnx::tile, {6});
}

}  // namespace tenon
