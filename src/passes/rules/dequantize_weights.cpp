// Constant weights that calibration quantized and no operator of integers took become floats again.
#include "ops/dequantize_linear.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> dequantize_weights(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!node.op.as<op::DequantizeLinear>()->optional || !context.evaluator()) return std::nullopt;
  const std::optional<std::vector<Data>> operands = constant_operands(graph, node);
  if (!operands) return std::nullopt;
  Patch patch(graph, root);
  const ValueId weights = patch.add_constant(context.evaluator()(node.op, *operands, 1).at(0).tensor());
  if (!patch.can_replace(node.outputs[0], weights)) return std::nullopt;
  patch.replace(node.outputs[0], weights);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_dequantize_weights(RuleRegistry& registry) {
  registry.add({"dequantize_weights",
                "drop_rounding",
                "weights of layers that stay float",
                {"dequantize_linear"},
                rules::dequantize_weights});
}

}  // namespace tenon
