// Gather, scatter and what else moves elements by index.
#include "ops/gather.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/compress.hpp"
#include "ops/gather_elements.hpp"
#include "ops/gather_nd.hpp"
#include "ops/non_max_suppression.hpp"
#include "ops/non_zero.hpp"
#include "ops/one_hot.hpp"
#include "ops/reverse_sequence.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/tensor_scatter.hpp"
#include "ops/unique.hpp"
#include "ops/where.hpp"

namespace tenon::onnx {
namespace {

Values gather(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::Gather{node.attr_int("axis", 0)}, {node.input(0), node.input(1)}));
}

Values gather_elements(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::GatherElements{node.attr_int("axis", 0)}, {node.input(0), node.input(1)}));
}

Values gather_nd(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::GatherNd{node.attr_int("batch_dims", 0)}, {node.input(0), node.input(1)}));
}

op::ScatterReduction scatter_reduction(NodeContext& node) {
  return static_cast<op::ScatterReduction>(
      node.attr_choice("reduction", {"none", "add", "mul", "min", "max"}, 0));
}

Values scatter_elements(NodeContext& node) {
  node.require_inputs(3, 3);
  op::ScatterElements op;
  op.axis = node.attr_int("axis", 0);
  op.reduction = scatter_reduction(node);
  return one(node.add(op, {node.input(0), node.input(1), node.input(2)}));
}

Values scatter_nd(NodeContext& node) {
  node.require_inputs(3, 3);
  return one(node.add(op::ScatterNd{scatter_reduction(node)}, {node.input(0), node.input(1), node.input(2)}));
}

Values tensor_scatter(NodeContext& node) {
  node.require_inputs(2, 3);
  op::TensorScatter op;
  op.axis = node.attr_int("axis", -2);
  op.mode = static_cast<op::TensorScatterMode>(node.attr_choice("mode", {"linear", "circular"}, 0));
  return one(node.add(op, node.inputs()));
}

Values compress(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::Compress{node.find_int("axis")}, {node.input(0), node.input(1)}));
}

Values non_zero(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::NonZero{}, {node.input(0)}));
}

Values one_hot(NodeContext& node) {
  node.require_inputs(3, 3);
  return one(node.add(op::OneHot{node.attr_int("axis", -1)}, {node.input(0), node.input(1), node.input(2)}));
}

Values unique(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Unique op;
  op.axis = node.find_int("axis");
  op.sorted = node.attr_bool("sorted", true);
  return node.add_node(op, {node.input(0)}, node.output_count());
}

Values where(NodeContext& node) {
  node.require_inputs(3, 3);
  return one(node.add(op::Where{}, {node.input(0), node.input(1), node.input(2)}));
}

Values reverse_sequence(NodeContext& node) {
  node.require_inputs(2, 2);
  op::ReverseSequence op;
  op.time_axis = node.attr_int("time_axis", 0);
  op.batch_axis = node.attr_int("batch_axis", 1);
  return one(node.add(op, {node.input(0), node.input(1)}));
}

Values non_max_suppression(NodeContext& node) {
  node.require_inputs(2, 5);
  return one(node.add(op::NonMaxSuppression{node.attr_bool("center_point_box", false)}, node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_gather(onnx::Registry& registry) {
  registry.add("Compress", onnx::compress, {9});
  registry.add("Gather", onnx::gather);
  registry.add("GatherElements", onnx::gather_elements, {11});
  registry.add("GatherND", onnx::gather_nd, {11});
  registry.add("NonMaxSuppression", onnx::non_max_suppression, {10});
  registry.add("NonZero", onnx::non_zero, {9});
  registry.add("OneHot", onnx::one_hot, {9});
  registry.add("ReverseSequence", onnx::reverse_sequence, {10});
  registry.add("Scatter", onnx::scatter_elements, {9, 10});
  registry.add("ScatterElements", onnx::scatter_elements, {11});
  registry.add("ScatterND", onnx::scatter_nd, {11});
  registry.add("TensorScatter", onnx::tensor_scatter, {24});
  registry.add("Unique", onnx::unique, {11});
  registry.add("Where", onnx::where, {9});
}

}  // namespace tenon
