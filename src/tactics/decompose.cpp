#include "tactics/decompose.hpp"

#include "ir/decompose.hpp"

#include <algorithm>

namespace tenon {
namespace {

bool supported(const Problem& problem, const TacticRegistry& tactics, bool fallback) {
  for (const Tactic* tactic : tactics.for_op(problem.op.name())) {
    if (is_fallback(*tactic) == fallback && problem.accuracy >= tactic->loosest() &&
        tactic->supports(problem))
      return true;
  }
  return false;
}

bool decompose_once(Graph& graph, NodeId id, const TacticRegistry& tactics, const ChooseOptions& options,
                    bool any_fast) {
  const Node& node = graph.node(id);
  if (!node.op.can_decompose()) return false;
  const Problem problem = problem_of(graph, id, options);
  if (supported(problem, tactics, false)) return false;
  if (!any_fast && supported(problem, tactics, true)) return false;
  return decompose_node(graph, id, true);
}

}  // namespace

void decompose_unsupported(Graph& graph, const TacticRegistry& tactics, const ChooseOptions& options) {
  const std::vector<const Tactic*> all = tactics.all();
  // On the reference device nothing is fast, and whole nodes are as good as their parts.
  const bool any_fast = std::any_of(all.begin(), all.end(), [](const Tactic* t) {
    return !is_fallback(*t) && !t->name().starts_with("view.");
  });
  bool changed = true;
  while (changed) {
    changed = false;
    for (NodeId id : graph.nodes(graph.body())) {
      if (graph.node(id).alive && decompose_once(graph, id, tactics, options, any_fast)) changed = true;
    }
    graph.remove_dead_nodes();
  }
}

}  // namespace tenon
