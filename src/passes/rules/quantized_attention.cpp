// attention of dequantized operands (→ quantize) → quantized_attention. Only where all that is dequantized
// may be dropped again: the shares of the softmax are rounded too, which a model that came quantized did not
// ask for.
#include "ops/quantized_attention.hpp"

#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "passes/rules/quantization.hpp"

#include <cmath>

namespace tenon::rules {
namespace {

struct Rounded {
  Affine q, k, v;
};

std::optional<Affine> optional_integers(const Graph& graph, ValueId x) {
  const auto* dequantize = producer_as<op::DequantizeLinear>(graph, x);
  return dequantize != nullptr && dequantize->optional ? dequantized_from(graph, x) : std::nullopt;
}

std::optional<Rounded> rounded_operands(const Graph& graph, const Node& node) {
  const auto* attention = node.op.as<op::Attention>();
  if (attention == nullptr || attention->causal != op::Causal::none || attention->blind_is_zero ||
      node.inputs.size() < 3)
    return std::nullopt;
  std::optional<Affine> parts[3];
  for (const std::size_t i : {0, 1, 2}) {
    if (node.inputs[i].valid()) parts[i] = optional_integers(graph, node.inputs[i]);
    if (!parts[i]) return std::nullopt;
  }
  return Rounded{*parts[0], *parts[1], *parts[2]};
}

std::optional<Patch> fused(const Graph& graph, NodeId root, const Node& attention, const Rounded& from,
                           const std::optional<Affine>& y) {
  const auto& op = *attention.op.as<op::Attention>();
  op::QuantizedAttention integers;
  integers.heads = op.heads;
  integers.kv_heads = op.kv_heads;
  integers.q_zero = from.q.zero;
  integers.v_zero = from.v.zero;
  integers.score_multiplier = static_cast<float>(
      static_cast<double>(op.scale) * static_cast<double>(from.q.scale) * static_cast<double>(from.k.scale));
  const double unit = y ? static_cast<double>(y->scale) : 1.0;
  integers.y_multiplier = static_cast<float>(static_cast<double>(from.v.scale) / unit);
  integers.y_zero = y ? y->zero : 0;
  integers.output_dtype = y ? y->dtype : DataType::f32;
  if (!std::isfinite(integers.score_multiplier) || !std::isfinite(integers.y_multiplier)) return std::nullopt;
  const Node& last = graph.node(root);
  Patch patch(graph, root);
  patch.set_location(y ? merged_location(attention, last) : last.location);
  std::vector<ValueId> inputs{from.q.q, from.k.q, from.v.q};
  if (attention.inputs.size() > 3 && attention.inputs[3].valid()) inputs.push_back(attention.inputs[3]);
  const ValueId result = patch.add(integers, std::move(inputs));
  if (!patch.can_replace(last.outputs[0], result)) return std::nullopt;
  patch.replace(last.outputs[0], result);
  return patch;
}

std::optional<Patch> quantized_attention(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (node.op.is<op::Attention>()) {
    const auto from = rounded_operands(graph, node);
    return from ? fused(graph, root, node, *from, std::nullopt) : std::nullopt;
  }
  const auto y = as_quantize(graph, node);
  const Node* attention = y ? producer(graph, node.inputs[0]) : nullptr;
  if (attention == nullptr || context.only_user(node.inputs[0]) != root || attention->region != node.region)
    return std::nullopt;
  const auto from = rounded_operands(graph, *attention);
  return from ? fused(graph, root, *attention, *from, y) : std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_attention(RuleRegistry& registry) {
  registry.add({"quantized_attention",
                "quantize",
                "attention of integers with its rounding",
                {"quantize_linear"},
                rules::quantized_attention});
  registry.add({"quantized_attention_open",
                "quantize_open",
                "attention of integers whose result stays f32",
                {"attention"},
                rules::quantized_attention});
}

}  // namespace tenon
