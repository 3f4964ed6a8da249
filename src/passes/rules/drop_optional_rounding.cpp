// dequantize(quantize(x)) → x for a pair that calibration placed: who reads floats need not read rounded ones
// when they are there. A pair that came with the model stays.
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> drop_optional_rounding(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  if (!node.op.as<op::DequantizeLinear>()->optional) return std::nullopt;
  const auto* quantize = producer_as<op::QuantizeLinear>(graph, node.inputs[0]);
  if (quantize == nullptr || !quantize->optional) return std::nullopt;
  const ValueId x = producer(graph, node.inputs[0])->inputs[0];
  Patch patch(graph, root);
  if (!patch.can_replace(node.outputs[0], x)) return std::nullopt;
  patch.replace(node.outputs[0], x);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_drop_optional_rounding(RuleRegistry& registry) {
  registry.add({"drop_optional_rounding",
                "drop_rounding",
                "reads floats where rounding them was not asked for",
                {"dequantize_linear"},
                rules::drop_optional_rounding});
}

}  // namespace tenon
