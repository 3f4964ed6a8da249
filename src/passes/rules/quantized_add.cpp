// quantize(activation(dequantize(a) + dequantize(b))) → quantized_add(a, b).
#include "ops/quantized_add.hpp"

#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

float ratio(float a, float b) { return static_cast<float>(static_cast<double>(a) / static_cast<double>(b)); }

std::optional<Patch> quantized_add(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto y = as_quantize(graph, node);
  if (!y || context.only_user(node.inputs[0]) != root) return std::nullopt;
  const Node* sum = producer(graph, node.inputs[0]);
  Activation activation;
  if (const auto found = sum != nullptr ? as_activation(sum->op) : std::nullopt) {
    const NodeId self = graph.value(node.inputs[0]).producer;
    if (context.only_user(sum->inputs[0]) != self) return std::nullopt;
    activation = *found;
    sum = producer(graph, sum->inputs[0]);
  }
  if (sum == nullptr || !is_elementwise(sum->op, PointwiseFn::add)) return std::nullopt;
  const auto a = dequantized_from(graph, sum->inputs[0]);
  const auto b = dequantized_from(graph, sum->inputs[1]);
  if (!a || !b) return std::nullopt;
  activation = in_quanta(activation, y->scale);

  op::QuantizedAdd add;
  add.a_zero = a->zero;
  add.a_multiplier = ratio(a->scale, y->scale);
  add.b_zero = b->zero;
  add.b_multiplier = ratio(b->scale, y->scale);
  add.activation = activation.kind;
  add.alpha = activation.alpha;
  add.beta = activation.beta;
  add.y_zero = y->zero;
  add.output_dtype = y->dtype;
  Patch patch(graph, root);
  patch.set_location(merged_location(*sum, node));
  const ValueId result = patch.add(add, {a->q, b->q});
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_add(RuleRegistry& registry) {
  registry.add({"quantized_add", "quantize", "sum of integers", {"quantize_linear"}, rules::quantized_add});
}

}  // namespace tenon
