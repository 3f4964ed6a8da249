// conv(x, w, b) · c → conv(x, w · c, b · c) for a constant c per output channel; likewise conv_transpose and
// matmul. A product of two computed matrices takes one number into alpha.
#include "ops/binary.hpp"
#include "ops/matmul.hpp"
#include "passes/rules/linear.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> scale_alpha(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto* matmul = producer_as<op::MatMul>(graph, node.inputs[0]);
  const auto factor = splat(graph, node.inputs[1]);
  if (matmul == nullptr || !factor || context.only_user(node.inputs[0]) != root) return std::nullopt;
  if (!keeps_dims(graph, node.inputs[0], node.inputs[1], node.outputs[0])) return std::nullopt;
  const Node& product = *producer(graph, node.inputs[0]);
  const DataType dtype = graph.type(node.inputs[0]).as_tensor().dtype;
  if (dtype != DataType::f32 || product.inputs.size() > 2 || !matmul->epilogue.empty()) return std::nullopt;
  op::MatMul scaled = *matmul;
  scaled.alpha *= static_cast<float>(*factor);
  Patch patch(graph, root);
  patch.set_location(merged_location(product, node));
  const ValueId result = patch.add(scaled, product.inputs);
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

std::optional<Patch> absorb_scale(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!is_elementwise(node.op, PointwiseFn::mul)) return std::nullopt;
  const auto linear = match_linear(graph, node.inputs[0], root, context);
  if (!linear) return scale_alpha(graph, root, context);
  const Spread how = channel_spread(graph, *linear, node.inputs[1]);
  if (how == Spread::other) return std::nullopt;

  const Node& source = graph.node(linear->node);
  Patch patch(graph, root);
  patch.set_location(merged_location(source, node));
  const ValueId scales = add_channel_vector(patch, *linear, node.inputs[1], how);
  std::vector<ValueId> inputs = source.inputs;
  inputs[1] = add_scaled_weights(patch, graph, *linear, scales);
  if (inputs.size() > 2 && inputs[2].valid())
    inputs[2] = patch.add(op::binary(PointwiseFn::mul), {inputs[2], scales});
  const ValueId result = patch.add(source.op, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_absorb_scale(RuleRegistry& registry) {
  registry.add({"absorb_scale",
                "absorb",
                "a constant factor into the weights of the convolution or product before it",
                {"mul"},
                rules::absorb_scale});
}

}  // namespace tenon
