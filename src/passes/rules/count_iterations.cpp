// A Loop whose conditions are always true runs as often as its first operand says.
#include "ops/loop.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

constexpr std::size_t kCondition = 1;  // among the operands, and among the parameters of the body

bool is_true(const Graph& graph, ValueId value) {
  const Tensor* constant = graph.constant(value);
  return constant != nullptr && constant->elements() == 1 && constant->values<bool>()[0];
}

std::optional<Patch> count_iterations(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const Region& body = graph.region(node.regions[0]);
  if (node.op.as<op::Loop>()->counted || !node.inputs[0].valid()) return std::nullopt;
  if (node.inputs[kCondition].valid() && !is_true(graph, node.inputs[kCondition])) return std::nullopt;
  // While the body runs, its condition is true.
  const ValueId goes_on = body.results[0];
  if (goes_on != body.parameters[kCondition] && !is_true(graph, goes_on)) return std::nullopt;
  Patch patch(graph, root);
  patch.change_root(op::Loop{.counted = true});
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_count_iterations(RuleRegistry& registry) {
  registry.add({"count_iterations",
                "canonicalize",
                "notes that nothing but the number of iterations ends a Loop",
                {"loop"},
                rules::count_iterations});
}

}  // namespace tenon
