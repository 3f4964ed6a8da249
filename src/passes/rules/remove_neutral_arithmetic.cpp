// x + 0, x - 0, x · 1, x / 1, x ^ 1 → x, when the constant does not widen x's shape.
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<double> neutral_element(PointwiseFn fn) {
  switch (fn) {
    case PointwiseFn::add:
    case PointwiseFn::sub: return 0;
    case PointwiseFn::mul:
    case PointwiseFn::div:
    case PointwiseFn::pow: return 1;
    default: return std::nullopt;
  }
}

std::optional<Patch> remove_neutral_arithmetic(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto elementwise = as_elementwise(node.op);
  if (!elementwise) return std::nullopt;
  const auto neutral = neutral_element(elementwise->fn);
  const auto constant = splat(graph, node.inputs[1]);
  if (!neutral || !constant || *constant != *neutral) return std::nullopt;
  if (!keeps_dims(graph, node.inputs[0], node.inputs[1], node.outputs[0])) return std::nullopt;
  Patch patch(graph, root);
  if (!patch.can_replace(node.outputs[0], node.inputs[0])) return std::nullopt;
  patch.replace(node.outputs[0], node.inputs[0]);
  // Adding 0 turns -0 into 0, which compares equal.
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_remove_neutral_arithmetic(RuleRegistry& registry) {
  registry.add({"remove_neutral_arithmetic",
                "canonicalize",
                "removes + 0, - 0, * 1, / 1, ^ 1",
                {"add", "sub", "mul", "div", "pow"},
                rules::remove_neutral_arithmetic});
}

}  // namespace tenon
