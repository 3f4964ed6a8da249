// Normalizations.
#include "importers/onnx/converters.hpp"
#include "ops/batch_norm.hpp"
#include "ops/binary.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/lp_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/mean_variance_norm.hpp"
#include "ops/reduce.hpp"
#include "ops/rms_norm.hpp"
#include "ops/unary.hpp"

namespace tenon::onnx {
namespace {

ValueId mean_over(NodeContext& node, ValueId value, const Ints& axes, bool keep_dims) {
  op::Reduce reduce;
  reduce.fn = op::ReduceFn::mean;
  reduce.axes = axes;
  reduce.keep_dims = keep_dims;
  return node.add(std::move(reduce), {value});
}

// Statistics per element (spatial = 0 of the old versions): all parameters have x's shape but for the batch.
ValueId normalize_elements(NodeContext& node, ValueId mean, ValueId variance, float epsilon) {
  const auto apply = [&](PointwiseFn fn, ValueId a, ValueId b) { return node.add(op::binary(fn), {a, b}); };
  const ValueId offset = add_scalar(node, node.dtype(0), static_cast<double>(epsilon));
  const ValueId deviation =
      node.add(op::unary(PointwiseFn::sqrt), {apply(PointwiseFn::add, variance, offset)});
  const ValueId centered = apply(PointwiseFn::sub, node.input(0), mean);
  const ValueId scaled = apply(PointwiseFn::mul, apply(PointwiseFn::div, centered, deviation), node.input(1));
  return apply(PointwiseFn::add, scaled, node.input(2));
}

// The statistics of the batch, and the running ones moved towards them.
Values batch_normalization_in_training(NodeContext& node, bool spatial, float epsilon, float momentum) {
  Ints axes;
  for (std::int64_t axis = 0; axis < node.rank(0); ++axis) {
    if (spatial ? axis != 1 : axis == 0) axes.push_back(axis);
  }
  const auto apply = [&](PointwiseFn fn, ValueId a, ValueId b) { return node.add(op::binary(fn), {a, b}); };
  const ValueId x = node.input(0);
  const ValueId centered = apply(PointwiseFn::sub, x, mean_over(node, x, axes, true));
  const DataType dtype = node.dtype(3);
  const ValueId mean = cast(node, mean_over(node, x, axes, false), dtype);
  const ValueId variance =
      cast(node, mean_over(node, apply(PointwiseFn::mul, centered, centered), axes, false), dtype);
  const auto moved = [&](std::size_t i, ValueId current) {
    const ValueId kept =
        apply(PointwiseFn::mul, node.input(i), add_scalar(node, dtype, static_cast<double>(momentum)));
    const ValueId taken =
        apply(PointwiseFn::mul, current, add_scalar(node, dtype, 1 - static_cast<double>(momentum)));
    return apply(PointwiseFn::add, kept, taken);
  };
  const ValueId y = spatial
                        ? node.add(op::BatchNorm{epsilon}, {x, node.input(1), node.input(2), mean, variance})
                        : normalize_elements(node, mean, variance, epsilon);
  return {y, moved(3, mean), moved(4, variance), mean, variance};
}

Values batch_normalization(NodeContext& node) {
  node.require_inputs(5, 5);
  node.ignore_attrs({"consumed_inputs"});
  const float momentum = node.attr_float("momentum", 0.9F);
  const float epsilon = node.attr_float("epsilon", 1e-5F);
  const bool spatial = node.attr_bool("spatial", true);
  // Versions 7 and 9 tell by the number of outputs.
  bool training = node.attr_bool("training_mode", false);
  if (node.opset() < 7) training = !node.attr_bool("is_test", false);
  if (node.opset() >= 7 && node.opset() < 14) training = node.output_count() > 1;
  if (training) return batch_normalization_in_training(node, spatial, epsilon, momentum);
  if (!spatial) return one(normalize_elements(node, node.input(3), node.input(4), epsilon));
  return one(node.add(op::BatchNorm{epsilon}, node.inputs()));
}

Values instance_normalization(NodeContext& node) {
  node.require_inputs(3, 3);
  node.ignore_attrs({"consumed_inputs"});
  return one(node.add(op::InstanceNorm{node.attr_float("epsilon", 1e-5F)}, node.inputs()));
}

Values group_normalization(NodeContext& node) {
  node.require_inputs(3, 3);
  node.ignore_attrs({"stash_type"});
  op::GroupNorm op;
  op.num_groups = node.attr_int("num_groups");
  op.epsilon = node.attr_float("epsilon", 1e-5F);
  return one(node.add(op, node.inputs()));
}

Values layer_normalization(NodeContext& node) {
  node.require_inputs(2, 3);
  node.ignore_attrs({"stash_type"});
  op::LayerNorm op;
  op.axis = node.attr_int("axis", -1);
  op.epsilon = node.attr_float("epsilon", 1e-5F);
  return node.add_node(op, node.inputs(), node.output_count());
}

Values rms_normalization(NodeContext& node) {
  node.require_inputs(2, 2);
  node.ignore_attrs({"stash_type"});
  op::RmsNorm op;
  op.axis = node.attr_int("axis", -1);
  op.epsilon = node.attr_float("epsilon", 1e-5F);
  return one(node.add(op, node.inputs()));
}

Values lp_normalization(NodeContext& node) {
  node.require_inputs(1, 1);
  op::LpNorm op;
  op.axis = node.attr_int("axis", -1);
  op.p = node.attr_int("p", 2);
  return one(node.add(op, node.inputs()));
}

Values mean_variance_normalization(NodeContext& node) {
  node.require_inputs(1, 1);
  op::MeanVarianceNorm op;
  op.axes = node.find_ints("axes").value_or(op.axes);
  return one(node.add(std::move(op), node.inputs()));
}

// The experimental form.
Values mean_variance_normalization_1(NodeContext& node) {
  node.require_inputs(1, 1);
  op::MeanVarianceNorm op;
  const bool across_channels = node.attr_bool("across_channels", false);
  op.axes = across_channels ? Ints{1} : Ints{};
  for (std::int64_t axis = 2; axis < node.rank(0); ++axis) op.axes.push_back(axis);
  if (node.attr_bool("normalize_variance", true)) return one(node.add(std::move(op), {node.input(0)}));
  const ValueId mean = mean_over(node, node.input(0), op.axes, true);
  return one(node.add(op::binary(PointwiseFn::sub), {node.input(0), mean}));
}

Values lrn(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Lrn op;
  op.size = node.attr_int("size");
  op.alpha = node.attr_float("alpha", op.alpha);
  op.beta = node.attr_float("beta", op.beta);
  op.bias = node.attr_float("bias", op.bias);
  return one(node.add(op, node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_normalize(onnx::Registry& registry) {
  registry.add("BatchNormalization", onnx::batch_normalization);
  registry.add("GroupNormalization", onnx::group_normalization, {18});
  registry.add("InstanceNormalization", onnx::instance_normalization);
  registry.add("LRN", onnx::lrn);
  registry.add("LayerNormalization", onnx::layer_normalization, {17});
  registry.add("LpNormalization", onnx::lp_normalization);
  registry.add("MeanVarianceNormalization", onnx::mean_variance_normalization_1, {1, 8});
  registry.add("MeanVarianceNormalization", onnx::mean_variance_normalization, {9});
  registry.add("RMSNormalization", onnx::rms_normalization, {23});
}

}  // namespace tenon
