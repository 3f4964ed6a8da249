// What only changes the shape: RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE; and SHAPE, RANK.
#include "ops/shape.hpp"

#include "importers/tflite/node_context.hpp"
#include "importers/tflite/reader.hpp"
#include "ops/reshape.hpp"
#include "ops/squeeze.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <set>

namespace tenon::tflite {
namespace {

std::vector<Placed> reshape(NodeContext& node) {
  const ValueId data = node.in_file_order(0);
  if (node.has(1)) {
    if (const auto shape = node.known_ints(1)) return one(node.reshape(data, *shape));
    return one(node.add(op::Reshape{}, {data, node.cast(node.in_file_order(1), DataType::i64)}));
  }
  constexpr std::size_t kMostAxes = 64;
  return one(node.reshape(data, node.options().numbers<std::int32_t, std::int64_t>(0, kMostAxes)));
}

std::vector<Placed> squeeze(NodeContext& node) {
  constexpr std::size_t kMostAxes = 64;
  Ints axes = node.options().numbers<std::int32_t, std::int64_t>(0, kMostAxes);
  if (axes.empty()) {
    const Dims dims = node.dims(0);
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
      if (dims[axis].is_const(1)) axes.push_back(static_cast<std::int64_t>(axis));
    }
  }
  if (axes.empty()) return {node.placed(0)};
  std::set<std::int64_t> in_file;
  std::set<std::int64_t> in_graph;
  for (const std::int64_t axis : axes) {
    in_file.insert(node.file_axis(0, axis));
    in_graph.insert(node.graph_axis(0, axis));
  }
  const bool follows = in_order_without(node.graph(), node.placed(0), in_graph);
  const std::set<std::int64_t>& gone = follows ? in_graph : in_file;
  op::Squeeze op;
  op.axes = Ints(gone.begin(), gone.end());
  return one(node.add(std::move(op), {follows ? node.placed(0).id : node.in_file_order(0)}));
}

std::vector<Placed> expand_dims(NodeContext& node) {
  op::Unsqueeze op;
  op.axes = node.require_ints(1, "the axis");
  return one(node.add(std::move(op), {node.in_file_order(0)}));
}

std::vector<Placed> transpose_axes(NodeContext& node) {
  Ints perm;
  for (const std::int64_t axis : node.require_ints(1, "the permutation"))
    perm.push_back(node.graph_axis(0, axis));
  const auto rank = static_cast<std::size_t>(node.rank(0));
  if (perm.size() != rank || std::set<std::int64_t>(perm.begin(), perm.end()).size() != rank)
    node.fail(fmt::format("the second input is no permutation of {} axes", rank));
  return one(transpose(node.graph(), node.placed(0).id, std::move(perm)));
}

std::vector<Placed> shape(NodeContext& node) {
  return one(node.cast(node.add(op::ShapeOf{}, {node.in_file_order(0)}), data_type(node.output_def(0).type)));
}

std::vector<Placed> rank(NodeContext& node) {
  const auto value = static_cast<std::int32_t>(node.rank(0));
  return one(node.graph().add_constant(Tensor::of<std::int32_t>({}, std::span(&value, 1))));
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_shape(tflite::Registry& registry) {
  using tflite::Handles;
  registry.add(22, "RESHAPE", tflite::reshape, Handles::elements);
  registry.add(39, "TRANSPOSE", tflite::transpose_axes, Handles::elements);
  registry.add(43, "SQUEEZE", tflite::squeeze, Handles::elements);
  registry.add(70, "EXPAND_DIMS", tflite::expand_dims, Handles::elements);
  registry.add(77, "SHAPE", tflite::shape, Handles::elements);
  registry.add(110, "RANK", tflite::rank, Handles::elements);
}

}  // namespace tenon
