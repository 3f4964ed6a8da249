// conv(x, w, b) + c → conv(x, w, b + c) for a constant c per output channel; likewise conv_transpose and
// matmul.
#include "ops/binary.hpp"
#include "passes/rules/linear.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> absorb_offset(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!is_elementwise(node.op, PointwiseFn::add)) return std::nullopt;
  const auto linear = match_linear(graph, node.inputs[0], root, context);
  if (!linear) return std::nullopt;
  const Spread how = channel_spread(graph, *linear, node.inputs[1]);
  if (how == Spread::other) return std::nullopt;

  const Node& source = graph.node(linear->node);
  Patch patch(graph, root);
  patch.set_location(merged_location(source, node));
  ValueId bias = add_channel_vector(patch, *linear, node.inputs[1], how);
  std::vector<ValueId> inputs = source.inputs;
  inputs.resize(3);
  if (inputs[2].valid()) bias = patch.add(op::binary(PointwiseFn::add), {inputs[2], bias});
  inputs[2] = bias;
  const ValueId result = patch.add(source.op, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_absorb_offset(RuleRegistry& registry) {
  registry.add({"absorb_offset",
                "absorb",
                "a constant added behind a convolution or product into its bias",
                {"add"},
                rules::absorb_offset});
}

}  // namespace tenon
