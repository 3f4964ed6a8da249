// quantize(relu(x)) → quantize(x), and clip alike, where the integers end before the activation cuts.
#include "passes/rules/quantization.hpp"

#include <limits>

namespace tenon::rules {
namespace {

bool is_free(const Activation& activation, const Affine& to) {
  const bool is_signed = to.dtype == DataType::i8;
  const auto lowest = static_cast<double>((is_signed ? -128 : 0) - to.zero) * static_cast<double>(to.scale);
  const auto highest = static_cast<double>((is_signed ? 127 : 255) - to.zero) * static_cast<double>(to.scale);
  switch (activation.kind) {
    case op::QuantizedActivation::none: return true;
    case op::QuantizedActivation::relu: return lowest >= 0;
    case op::QuantizedActivation::clip:
      return lowest >= static_cast<double>(activation.alpha) &&
             highest <= static_cast<double>(activation.beta);
    case op::QuantizedActivation::leaky: return lowest >= 0;
    default: return false;
  }
}

std::optional<Patch> saturate_activation(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto to = as_quantize(graph, node);
  const Node* source = to ? producer(graph, node.inputs[0]) : nullptr;
  if (source == nullptr || context.only_user(node.inputs[0]) != root) return std::nullopt;
  const auto activation = as_activation(source->op);
  if (!activation || !is_free(*activation, *to)) return std::nullopt;
  Patch patch(graph, root);
  patch.set_location(merged_location(*source, node));
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = source->inputs[0];
  const ValueId result = patch.add(node.op, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_saturate_activation(RuleRegistry& registry) {
  registry.add({"saturate_activation",
                "move_quantization",
                "drops an activation that the saturation of integers does too",
                {"quantize_linear"},
                rules::saturate_activation});
}

}  // namespace tenon
