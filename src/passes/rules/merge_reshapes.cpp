// flatten, squeeze, unsqueeze, reshape with a computed shape, and chains of them → one reshape with a
// constant shape, where the result's dims can be written so. The shape arithmetic that fed them becomes dead.
#include "ops/reshape.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

bool is_reshape_like(const Node& node) {
  const std::string_view name = node.op.name();
  return name == "reshape" || name == "flatten" || name == "squeeze" || name == "unsqueeze";
}

std::optional<Patch> merge_reshapes(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const ValueId result = node.outputs[0];
  ValueId source = node.inputs[0];
  while (const Node* before = producer(graph, source)) {
    if (!is_reshape_like(*before) || plain_dims(graph, before->inputs[0]) == nullptr) break;
    source = before->inputs[0];
  }
  const auto* reshape = node.op.as<op::Reshape>();
  const bool canonical =
      reshape != nullptr && !reshape->allow_zero && graph.constant(node.inputs[1]) != nullptr;
  if (canonical && source == node.inputs[0]) return std::nullopt;

  const Dims* from = plain_dims(graph, source);
  const Dims* to = plain_dims(graph, result);
  if (from == nullptr || to == nullptr) return std::nullopt;
  Patch patch(graph, root);
  ValueId replacement = source;
  if (!same_dims(*from, *to)) {
    auto shape = reshape_operand(*from, *to);
    if (!shape) return std::nullopt;
    replacement = add_reshape(patch, source, *std::move(shape));
  }
  if (!patch.can_replace(result, replacement)) return std::nullopt;
  patch.replace(result, replacement);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_merge_reshapes(RuleRegistry& registry) {
  registry.add({"merge_reshapes",
                "canonicalize",
                "flatten, squeeze, unsqueeze and chains of reshapes into one reshape with a constant shape",
                {"reshape", "flatten", "squeeze", "unsqueeze"},
                rules::merge_reshapes});
}

}  // namespace tenon
