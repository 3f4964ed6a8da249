// move(dequantize(q)) → dequantize(move(q)) for operators that only move elements or choose among them.
#include "ops/concat.hpp"
#include "ops/dequantize_linear.hpp"
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> sink_dequantize(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (!moves_elements(graph, node)) return std::nullopt;
  const auto first = dequantized_from(graph, node.inputs[0]);
  if (!first) return std::nullopt;
  std::vector<ValueId> integers;
  const std::size_t data = node.op.is<op::Concat>() ? node.inputs.size() : 1;
  for (std::size_t i = 0; i < data; ++i) {
    const auto from = dequantized_from(graph, node.inputs[i]);
    if (!from || !from->same_numbers(*first)) return std::nullopt;
    integers.push_back(from->q);
  }
  const Node& dequantize = *producer(graph, node.inputs[0]);
  Patch patch(graph, root);
  const std::vector<ValueId> moved = add_moved(patch, node, std::move(integers), *first);
  for (std::size_t i = 0; i < moved.size(); ++i) {
    std::vector<ValueId> operands = dequantize.inputs;
    operands[0] = moved[i];
    const ValueId result = patch.add(dequantize.op, std::move(operands));
    if (!patch.can_replace(node.outputs[i], result)) return std::nullopt;
    patch.replace(node.outputs[i], result);
  }
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_sink_dequantize(RuleRegistry& registry) {
  registry.add({"sink_dequantize",
                "move_quantization",
                "dequantizes behind operators that only move elements",
                {},
                rules::sink_dequantize});
}

}  // namespace tenon
