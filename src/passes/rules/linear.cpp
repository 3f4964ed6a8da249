#include "passes/rules/linear.hpp"

#include "ops/binary.hpp"
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/expand.hpp"
#include "ops/matmul.hpp"

namespace tenon::rules {
namespace {

// Number of output channels by the weights; nothing when the operator is none of ours or has an epilogue.
std::optional<std::int64_t> output_channels(const Op& op, const Tensor& weights) {
  const Shape& shape = weights.shape();
  if (const auto* conv = op.as<op::Conv>()) {
    if (conv->epilogue.empty()) return shape[0];
  } else if (const auto* transposed = op.as<op::ConvTranspose>()) {
    if (transposed->epilogue.empty()) return shape[1] * transposed->group;
  } else if (const auto* matmul = op.as<op::MatMul>()) {
    if (matmul->epilogue.empty() && shape.size() == 2) return shape[matmul->transpose_b ? 0 : 1];
  }
  return std::nullopt;
}

}  // namespace

std::optional<Linear> match_linear(const Graph& graph, ValueId value, NodeId user,
                                   const RuleContext& context) {
  const Node* node = producer(graph, value);
  if (node == nullptr || node->inputs.size() < 2 || context.only_user(value) != user) return std::nullopt;
  if (node->region != graph.node(user).region) return std::nullopt;
  const Tensor* weights = graph.constant(node->inputs[1]);
  const Dims* dims = plain_dims(graph, value);
  if (weights == nullptr || weights->rank() < 2 || dims == nullptr || dims->size() < 2) return std::nullopt;
  if (node->inputs.size() > 2 && node->inputs[2].valid() && graph.constant(node->inputs[2]) == nullptr)
    return std::nullopt;
  const auto channels = output_channels(node->op, *weights);
  if (!channels) return std::nullopt;
  Linear linear;
  linear.node = graph.value(value).producer;
  linear.channels = *channels;
  linear.rank = dims->size();
  linear.channel_axis = node->op.is<op::MatMul>() ? dims->size() - 1 : 1;
  return linear;
}

Spread channel_spread(const Graph& graph, const Linear& linear, ValueId constant) {
  const Spread how = spread(graph, constant, linear.rank, linear.channel_axis);
  const bool fits = how != Spread::along_axis || graph.constant(constant)->elements() == linear.channels;
  return fits ? how : Spread::other;
}

ValueId add_channel_vector(Patch& patch, const Linear& linear, ValueId constant, Spread how) {
  if (how == Spread::along_axis) return add_reshape(patch, constant, {linear.channels});
  const ValueId one = add_reshape(patch, constant, {1});
  return patch.add(op::Expand{}, {one, add_ints(patch, {linear.channels})});
}

ValueId add_scaled_weights(Patch& patch, const Graph& graph, const Linear& linear, ValueId scales) {
  const Node& node = graph.node(linear.node);
  ValueId weights = node.inputs[1];
  const Shape original = graph.constant(weights)->shape();
  Shape shape = original;
  Shape scale_shape(shape.size(), 1);
  if (const auto* transposed = node.op.as<op::ConvTranspose>()) {
    // [C, M/group, k…] seen as [group, C/group, M/group, k…], where the channels lie along the axes 0 and 2.
    shape.insert(shape.begin(), transposed->group);
    shape[1] /= transposed->group;
    scale_shape.insert(scale_shape.begin(), transposed->group);
    scale_shape[2] = shape[2];
    weights = add_reshape(patch, weights, shape);
  } else if (const auto* matmul = node.op.as<op::MatMul>()) {
    scale_shape[matmul->transpose_b ? 0 : 1] = linear.channels;
  } else {
    scale_shape[0] = linear.channels;
  }
  const ValueId scaled =
      patch.add(op::binary(PointwiseFn::mul), {weights, add_reshape(patch, scales, scale_shape)});
  return shape == original ? scaled : add_reshape(patch, scaled, original);
}

}  // namespace tenon::rules
