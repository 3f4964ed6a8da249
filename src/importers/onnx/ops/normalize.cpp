// Normalizations.
#include "importers/onnx/converters.hpp"
#include "ops/batch_norm.hpp"
#include "ops/group_norm.hpp"
#include "ops/instance_norm.hpp"
#include "ops/layer_norm.hpp"
#include "ops/lp_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/mean_variance_norm.hpp"
#include "ops/rms_norm.hpp"

namespace tenon::onnx {
namespace {

Values batch_normalization(NodeContext& node) {
  node.require_inputs(5, 5);
  // is_test, momentum and the further outputs of the old versions are for training; spatial = 0 has
  // statistics per element.
  node.ignore_attrs({"momentum", "consumed_inputs"});
  if (node.attr_bool("training_mode", false)) node.fail("training mode is not supported");
  if (node.opset() < 7 && !node.attr_bool("is_test", false))
    node.fail("training mode (is_test = 0) is not supported");
  if (!node.attr_bool("spatial", true)) node.fail("spatial = 0 is not supported");
  const float epsilon = node.attr_float("epsilon", 1e-5F);
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
  registry.add("MeanVarianceNormalization", onnx::mean_variance_normalization, {9});
  registry.add("RMSNormalization", onnx::rms_normalization, {23});
}

}  // namespace tenon
