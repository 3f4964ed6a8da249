// layer_norm or rms_norm → quantize_linear or dynamic_quantize_linear becomes quantized_norm, which gives the
// floats too where somebody else reads them.
#include "ops/quantized_norm.hpp"

#include "ops/dynamic_quantize_linear.hpp"
#include "ops/layer_norm.hpp"
#include "ops/rms_norm.hpp"
#include "passes/rules/quantization.hpp"

#include <cmath>

namespace tenon::rules {
namespace {

// The first node that rounds the value; invalid when there is none.
NodeId rounding_of(const Graph& graph, ValueId value, const RuleContext& context) {
  for (const Use& use : graph.value(value).uses) {
    if (!use.node.valid() || context.only_for_taps(use.node)) continue;
    const Node& node = graph.node(use.node);
    const auto affine = as_quantize(graph, node);
    const bool rounds = node.op.is<op::DynamicQuantizeLinear>() ||
                        (affine && affine->scale > 0 && std::isfinite(affine->scale));
    if (rounds && node.inputs[0] == value) return use.node;
  }
  return {};
}

std::optional<Patch> quantized_norm(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (node.outputs.size() != 1) return std::nullopt;
  const ValueId floats = node.outputs[0];
  for (const ValueId input : node.inputs) {
    if (input.valid() && graph.type(input).as_tensor().dtype != DataType::f32) return std::nullopt;
  }
  const NodeId at = rounding_of(graph, floats, context);
  if (!at.valid()) return std::nullopt;
  const Node& rounding = graph.node(at);
  if (rounding.region != node.region) return std::nullopt;

  op::QuantizedNorm fused;
  const auto* layer = node.op.as<op::LayerNorm>();
  fused.center = layer != nullptr;
  fused.axis = layer != nullptr ? layer->axis : node.op.as<op::RmsNorm>()->axis;
  fused.epsilon = layer != nullptr ? layer->epsilon : node.op.as<op::RmsNorm>()->epsilon;
  fused.dynamic = rounding.op.is<op::DynamicQuantizeLinear>();
  if (const auto affine = as_quantize(graph, rounding)) {
    fused.y_scale = affine->scale;
    fused.y_zero = affine->zero;
    fused.output_dtype = affine->dtype;
  }
  fused.floats = context.only_user(floats) != at;
  Patch patch(graph, root);
  patch.set_location(node.location == rounding.location ? node.location : merged_location(node, rounding));
  const std::vector<ValueId> results = patch.add_node(fused, node.inputs);
  for (std::size_t i = 0; i < rounding.outputs.size(); ++i) {
    if (!patch.can_replace(rounding.outputs[i], results[i])) return std::nullopt;
    patch.replace(rounding.outputs[i], results[i]);
  }
  if (fused.floats) {
    if (!patch.can_replace(floats, results.back())) return std::nullopt;
    patch.replace(floats, results.back());
  }
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_norm(RuleRegistry& registry) {
  registry.add({"quantized_norm",
                "fuse",
                "a normalization and the rounding of its result",
                {"layer_norm", "rms_norm"},
                rules::quantized_norm});
}

}  // namespace tenon
