// quantize(dequantize(q)) → q when both have the same scale and zero point.
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> cancel_quantization(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto to = as_quantize(graph, node);
  if (!to) return std::nullopt;
  const auto from = dequantized_from(graph, node.inputs[0]);
  if (!from || !from->same_numbers(*to)) return std::nullopt;
  Patch patch(graph, root);
  if (!patch.can_replace(node.outputs[0], from->q)) return std::nullopt;
  patch.replace(node.outputs[0], from->q);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_cancel_quantization(RuleRegistry& registry) {
  registry.add({"cancel_quantization",
                "move_quantization",
                "removes what quantizes again what was quantized",
                {"quantize_linear"},
                rules::cancel_quantization});
}

}  // namespace tenon
