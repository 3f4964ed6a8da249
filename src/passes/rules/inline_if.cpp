// An If whose condition is a constant is the branch that it takes.
#include "ops/if.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> inline_if(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const Tensor* condition = graph.constant(node.inputs[0]);
  if (condition == nullptr || condition->elements() != 1) return std::nullopt;
  const RegionId taken = node.regions[condition->values<bool>()[0] ? 0 : 1];
  const std::vector<ValueId>& results = graph.region(taken).results;
  Patch patch(graph, root);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (!patch.can_replace(node.outputs[i], results[i])) return std::nullopt;
    patch.replace(node.outputs[i], results[i]);
  }
  patch.splice(taken);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_inline_if(RuleRegistry& registry) {
  registry.add({"inline_if",
                "fold",
                "replaces an If of a known condition by the branch that it takes",
                {"if"},
                rules::inline_if});
}

}  // namespace tenon
