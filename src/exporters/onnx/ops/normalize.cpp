// Normalizations whose operands or fields ONNX takes in fewer forms.
#include "exporters/onnx/node_writer.hpp"
#include "ops/group_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/mean_variance_norm.hpp"
#include "ops/rms_norm.hpp"

namespace tenon::onnx_export {
namespace {

// The axes from `axis` on.
Ints trailing_axes(const NodeWriter& node, std::int64_t axis) {
  if (axis >= 0) axis -= node.rank(0);
  Ints axes;
  for (std::int64_t i = axis; i < 0; ++i) axes.push_back(i);
  return axes;
}

// Whether the operand has the dims that are normalized over, which is what every runtime takes as a scale. Of
// an x of unknown rank it is taken to.
bool has_normalized_dims(const NodeWriter& node, std::size_t operand, std::int64_t axis) {
  const Dims* x = node.dims(0);
  const Dims* own = node.dims(operand);
  if (x == nullptr) return true;
  if (own == nullptr) return false;
  const auto rank = static_cast<std::int64_t>(x->size());
  const std::int64_t first = axis < 0 ? axis + rank : axis;
  if (static_cast<std::int64_t>(own->size()) != rank - first) return false;
  for (std::size_t i = 0; i < own->size(); ++i) {
    if (!provably_equal((*own)[i], (*x)[static_cast<std::size_t>(first) + i])) return false;
  }
  return true;
}

Name mean_of(NodeWriter& node, const Name& x, const Name& axes) { return node.add("ReduceMean", {x, axes}); }

Name inverse_root(NodeWriter& node, const Name& variance, DataType dtype, float epsilon) {
  const Name sum = node.add("Add", {variance, node.scalar(dtype, epsilon)});
  return node.add("Reciprocal", {node.add("Sqrt", {sum})});
}

// Step by step in f32, or in f64: for scales of any shape, or none.
void layer_norm_steps(NodeWriter& node, const op::LayerNorm& op) {
  const DataType dtype = node.dtype(0);
  const DataType as = dtype == DataType::f64 ? DataType::f64 : DataType::f32;
  const Name axes = node.ints(trailing_axes(node, op.axis));
  const Name x = node.cast(node.input(0), dtype, as);
  const Name mean = mean_of(node, x, axes);
  const Name centred = node.add("Sub", {x, mean});
  const Name inverse =
      inverse_root(node, mean_of(node, node.add("Mul", {centred, centred}), axes), as, op.epsilon);
  NameList steps = {node.cast(node.add("Mul", {centred, inverse}), as, dtype)};
  if (node.has(1)) steps.push_back(node.add("Mul", {steps.back(), node.input(1)}));
  if (node.has(2)) steps.push_back(node.add("Add", {steps.back(), node.input(2)}));
  node.finish("Identity", {steps.back()}, {node.output(0)}, {});
  if (node.output_count() > 1) node.finish("Identity", {mean}, {node.output(1)}, {});
  if (node.output_count() > 2) node.finish("Identity", {inverse}, {node.output(2)}, {});
}

void layer_norm(NodeWriter& node) {
  const auto& op = node.op<op::LayerNorm>();
  const bool whole = node.has(1) && has_normalized_dims(node, 1, op.axis) &&
                     (!node.has(2) || has_normalized_dims(node, 2, op.axis)) &&
                     node.dtype(0) != DataType::f64;
  if (!whole) return layer_norm_steps(node, op);
  node.finish("LayerNormalization", node.inputs(), {{"axis", op.axis}, {"epsilon", op.epsilon}});
}

void rms_norm(NodeWriter& node) {
  const auto& op = node.op<op::RmsNorm>();
  const DataType dtype = node.dtype(0);
  if (node.has(1) && has_normalized_dims(node, 1, op.axis) && dtype != DataType::f64) {
    return node.finish("RMSNormalization", node.inputs(), {{"axis", op.axis}, {"epsilon", op.epsilon}});
  }
  const DataType as = dtype == DataType::f64 ? DataType::f64 : DataType::f32;
  const Name x = node.cast(node.input(0), dtype, as);
  const Name square = mean_of(node, node.add("Mul", {x, x}), node.ints(trailing_axes(node, op.axis)));
  const Name inverse = inverse_root(node, square, as, op.epsilon);
  const Name y = node.cast(node.add("Mul", {x, inverse}), as, dtype);
  if (node.has(1)) return node.finish("Mul", {y, node.input(1)});
  node.finish("Identity", {y});
}

// One number per group becomes one per channel.
Name per_channel(NodeWriter& node, std::size_t operand, std::int64_t groups) {
  const Dims* x = node.dims(0);
  const Dims* own = node.dims(operand);
  if (x == nullptr || own == nullptr || !(*x)[1].is_const() || !own->front().is_const())
    node.fail("the number of channels must be known");
  const std::int64_t channels = (*x)[1].value();
  if (own->front().value() == channels) return node.input(operand);
  const Name column = node.add("Reshape", {node.input(operand), node.ints({groups, 1})});
  const Name matrix = node.add("Expand", {column, node.ints({groups, channels / groups})});
  return node.add("Reshape", {matrix, node.ints({channels})});
}

void group_norm(NodeWriter& node) {
  const auto& op = node.op<op::GroupNorm>();
  node.finish("GroupNormalization",
              {node.input(0), per_channel(node, 1, op.num_groups), per_channel(node, 2, op.num_groups)},
              {{"num_groups", op.num_groups}, {"epsilon", op.epsilon}});
}

// ONNX fixes epsilon.
void mean_variance_norm(NodeWriter& node) {
  const auto& op = node.op<op::MeanVarianceNorm>();
  if (op.epsilon == op::MeanVarianceNorm().epsilon)
    return node.finish("MeanVarianceNormalization", node.inputs(), {{"axes", op.axes}});
  const Name axes = node.ints(op.axes);
  const Name centred = node.add("Sub", {node.input(0), mean_of(node, node.input(0), axes)});
  const Name variance = mean_of(node, node.add("Mul", {centred, centred}), axes);
  const Name deviation = node.add("Sqrt", {variance});
  node.finish("Div", {centred, node.add("Add", {deviation, node.scalar(node.dtype(0), op.epsilon)})});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_normalize(onnx_export::Registry& registry) {
  registry.add("group_norm", onnx_export::group_norm);
  registry.add("layer_norm", onnx_export::layer_norm);
  registry.add("mean_variance_norm", onnx_export::mean_variance_norm);
  registry.add("rms_norm", onnx_export::rms_norm);
}

}  // namespace tenon
