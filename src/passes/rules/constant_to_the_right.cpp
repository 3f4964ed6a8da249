// c + x → x + c, and so on for mul, min and max, so that other rules look for constants in one place.
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> constant_to_the_right(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (!as_elementwise(node.op)) return std::nullopt;
  if (graph.constant(node.inputs[0]) == nullptr || graph.constant(node.inputs[1]) != nullptr)
    return std::nullopt;
  Patch patch(graph, root);
  const ValueId swapped = patch.add(node.op, {node.inputs[1], node.inputs[0]});
  if (!patch.can_replace(node.outputs[0], swapped)) return std::nullopt;
  patch.replace(node.outputs[0], swapped);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_constant_to_the_right(RuleRegistry& registry) {
  registry.add({"constant_to_the_right",
                "canonicalize",
                "puts the constant operand of a commutative operator second",
                {"add", "mul", "min", "max"},
                rules::constant_to_the_right});
}

}  // namespace tenon
