// Normalizations, softmax and bias.
#include "importers/tensorflow/converters.hpp"
#include "importers/tensorflow/fused.hpp"
#include "ops/lrn.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"

#include <fmt/format.h>

namespace tenon::tensorflow {
namespace {

// Training forms compute the statistics; frozen ones have them as operands.
Values fused_batch_norm(NodeContext& node) {
  node.require_inputs(5, 6);
  node.ignore_attrs({"exponential_avg_factor", "num_side_inputs"});
  if (node.attr_bool("is_training", true))
    node.fail("a batch normalization that still trains; freeze the model for inference");
  const bool last = channels_last(node);
  const float epsilon = node.attr_float("epsilon", 1e-4F);
  ValueId y = normalize(node, node.input(0), {node.input(1), node.input(2), node.input(3), node.input(4)},
                        epsilon, last);
  const std::string activation = node.attr_string("activation_mode", "Identity");
  if (activation == "Relu") {
    if (node.input_count() == 6) y = binary(node, PointwiseFn::add, y, node.input(5));
    y = unary(node, PointwiseFn::relu, y);
  } else if (activation != "Identity" || node.input_count() == 6) {
    node.fail(fmt::format("activation '{}' with {} inputs is not supported", activation, node.input_count()));
  }
  return {y, node.input(3), node.input(4)};
}

// Operands: x, mean, variance, offset, scale.
Values batch_norm_with_global(NodeContext& node) {
  node.require_inputs(5);
  const float epsilon = node.attr_float("variance_epsilon", 1e-3F);
  ValueId scale = node.input(4);
  if (!node.attr_bool("scale_after_normalization", false))
    scale = fill(node, shape_of(node, scale), node.dtype_of(scale), 1);
  return one(
      normalize(node, node.input(0), {scale, node.input(3), node.input(1), node.input(2)}, epsilon, true));
}

Values bias_add(NodeContext& node) {
  node.require_inputs(2);
  const ValueId x = node.input(0);
  // Rank 2 and 3 say NHWC too, and mean: the channels are last.
  const bool last = channels_last(node);
  const ValueId bias = per_channel(node, node.input(1), last ? 1 : node.rank(0), last);
  const ValueId y = binary(node, PointwiseFn::add, x, bias);
  const auto dilated = node.notes().dilated.find(x);
  if (dilated != node.notes().dilated.end()) {
    const auto before = dilated->second.build;
    const Notes::SpaceToBatch batches = dilated->second.batches;
    node.notes().dilated[y] = {batches,
                               [=](NodeContext& at, ValueId data, const Ints& dilation, const Ints& pads) {
                                 return binary(at, PointwiseFn::add, before(at, data, dilation, pads), bias);
                               }};
  }
  return one(y);
}

Values bias_add_v1(NodeContext& node) {
  node.require_inputs(2);
  return one(binary(node, PointwiseFn::add, node.input(0), node.input(1)));
}

Values lrn(NodeContext& node) {
  node.require_inputs(1);
  op::Lrn op;
  const std::int64_t radius = node.attr_int("depth_radius", 5);
  if (radius < 0 || radius > (1 << 20)) node.fail(fmt::format("attribute 'depth_radius' is {}", radius));
  op.size = 2 * radius + 1;
  op.bias = node.attr_float("bias", 1);
  op.alpha = node.attr_float("alpha", 1) * static_cast<float>(op.size);
  op.beta = node.attr_float("beta", 0.5F);
  return one(to_channels_last(node, node.add(op, {to_channels_first(node, node.input(0))})));
}

template <class Op>
Values softmax(NodeContext& node) {
  node.require_inputs(1);
  if (const ValueId x = channels_first_form(node, node.input(0)); x.valid())
    return one(to_channels_last(node, node.add(Op{1}, {x})));
  return one(node.add(Op{-1}, {node.input(0)}));
}

Values l2_loss(NodeContext& node) {
  node.require_inputs(1);
  op::Reduce sum;
  sum.fn = op::ReduceFn::sum_square;
  sum.keep_dims = false;
  const ValueId total = node.add(sum, {node.input(0)});
  return one(binary(node, PointwiseFn::mul, total, scalar_like(node, total, 0.5)));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_normalize(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  for (const char* op : {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "_FusedBatchNormEx"}) {
    registry.add(
        op, fused_batch_norm,
        {"y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"});
  }
  registry.add("BatchNormWithGlobalNormalization", batch_norm_with_global);
  registry.add("BiasAdd", bias_add);
  registry.add("BiasAddV1", bias_add_v1);
  registry.add("L2Loss", l2_loss);
  registry.add("LRN", lrn);
  registry.add("LogSoftmax", softmax<op::LogSoftmax>);
  registry.add("Softmax", softmax<op::Softmax>);
}

}  // namespace tenon
