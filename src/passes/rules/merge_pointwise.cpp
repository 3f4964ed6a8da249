// An elementwise operator that reads another one of the same dims, which nothing else reads, runs with it as
// one program. Applied again and again this collects whole groups; a value that is read twice inside the
// group joins as well.
#include "ops/pointwise.hpp"
#include "passes/rules/program.hpp"

namespace tenon::rules {
namespace {

// Bounds what a tile of all registers takes in the first cache level.
constexpr std::size_t kMaxGroupCode = 32;
constexpr std::size_t kMaxGroupInputs = 8;

std::optional<Patch> merge_pointwise(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto outer = as_program(graph, node);
  if (!outer) return std::nullopt;
  for (const ValueId input : outer->inputs) {
    const Node* source = producer(graph, input);
    if (source == nullptr || source->region != node.region || context.only_user(input) != root) continue;
    // A smaller operand would be computed again for every element that it is broadcast to.
    if (!keeps_dims(graph, *outer, input, node.outputs[0])) continue;
    const auto inner = as_program(graph, *source);
    if (!inner) continue;
    const BoundProgram merged = compose(*outer, input, *inner);
    if (merged.program.code.size() > kMaxGroupCode || merged.inputs.size() > kMaxGroupInputs) continue;
    Patch patch(graph, root);
    patch.set_location(merged_location(*source, node));
    const ValueId result = patch.add(op::Pointwise{merged.program}, merged.inputs);
    if (!patch.can_replace(node.outputs[0], result)) continue;
    patch.replace(node.outputs[0], result);
    return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_merge_pointwise(RuleRegistry& registry) {
  registry.add({"merge_pointwise",
                "pointwise",
                "connected elementwise operators into one program",
                {},
                rules::merge_pointwise});
}

}  // namespace tenon
