// What only changes the shape: Reshape, Flatten, Squeeze, ExpandDims; and Shape.
#include "ops/reshape.hpp"

#include "importers/uff/node_context.hpp"
#include "ops/flatten.hpp"
#include "ops/shape.hpp"
#include "ops/squeeze.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::uff {
namespace {

// A network that was converted for one batch size names it in its reshapes. Where the caller asks for
// another, that dim follows the input, as with TensorRT's implicit batch.
bool names_another_batch(const NodeContext& node, const Ints& shape) {
  const auto declared = node.file().declared_batch;
  if (!declared || shape.empty() || shape[0] != *declared || node.rank(0) == 0) return false;
  return !node.dims(0)[0].is_const(*declared);
}

Placed reshape(NodeContext& node) {
  node.require_inputs(2, 2);
  const ValueId data = node.in_file_order(0);
  auto shape = node.known_ints(1);
  if (!shape) {
    if (node.rank(1) != 1) node.fail(fmt::format("the shape has rank {}, expected 1", node.rank(1)));
    return {node.add(op::Reshape{}, {data, node.cast(node.in_file_order(1), DataType::i64)})};
  }
  bool allow_zero = std::find(shape->begin(), shape->end(), 0) != shape->end();
  if (names_another_batch(node, *shape)) {
    shape->front() = 0;  // copies
    allow_zero = false;
  }
  return {node.add(op::Reshape{allow_zero}, {data, node.ints(*shape)})};
}

Placed flatten(NodeContext& node) {
  node.require_inputs(1, 1);
  return {node.add(op::Flatten{1}, {node.in_file_order(0)})};
}

// The axes that have one element when the file names none; never the batch, whose size is open.
Ints single_axes(const NodeContext& node) {
  Ints axes;
  const Dims dims = node.dims(0);
  for (std::size_t axis = 1; axis < dims.size(); ++axis) {
    if (dims[axis].is_const(1)) axes.push_back(static_cast<std::int64_t>(axis));
  }
  return axes;
}

Placed squeeze(NodeContext& node) {
  node.require_inputs(1, 1);
  Ints axes = node.find_ints("axes").value_or(Ints());
  if (axes.empty()) axes = single_axes(node);
  if (axes.empty()) return node.placed(0);
  const Placed operand = node.placed(0);
  std::set<std::int64_t> in_file;
  std::set<std::int64_t> in_graph;
  for (const std::int64_t axis : axes) {
    in_file.insert(node.file_axis(0, axis));
    in_graph.insert(node.graph_axis(0, axis));
  }
  const auto squeezed = [&](ValueId value, const std::set<std::int64_t>& gone) {
    op::Squeeze op;
    op.axes = Ints(gone.begin(), gone.end());
    return node.add(std::move(op), {value});
  };
  if (in_order_without(node.graph(), operand, in_graph)) return {squeezed(operand.id, in_graph)};
  return {squeezed(node.in_file_order(0), in_file)};
}

Placed expand_dims(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Unsqueeze op;
  op.axes = Ints{node.field_int("axis")};
  return {node.add(std::move(op), {node.in_file_order(0)})};
}

Placed shape(NodeContext& node) {
  node.require_inputs(1, 1);
  return {node.cast(node.add(op::ShapeOf{}, {node.in_file_order(0)}), DataType::i32)};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_reshape(uff::Registry& registry) {
  registry.add("ExpandDims", uff::expand_dims);
  registry.add("Flatten", uff::flatten);
  registry.add("Reshape", uff::reshape);
  registry.add("Shape", uff::shape);
  registry.add("Squeeze", uff::squeeze);
}

}  // namespace tenon
