// conv of dequantized operands, with what follows it, becomes quantized_conv.
#include "ops/quantized_conv.hpp"

#include "ops/conv.hpp"
#include "ops/conv_window.hpp"
#include "passes/rules/quantized_tail.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> quantized_conv(const Graph& graph, NodeId root, const RuleContext& context) {
  const auto tail = quantized_tail(graph, root, context);
  const auto* conv = tail ? tail->main->op.as<op::Conv>() : nullptr;
  if (conv == nullptr) return std::nullopt;
  const std::vector<ValueId>& inputs = tail->main->inputs;
  const auto x = dequantized_from(graph, inputs[0]);
  const auto w = x ? weights_from(graph, inputs[1], 0) : std::nullopt;
  if (!w) return std::nullopt;
  std::vector<double> scales;
  for (const float scale : w->scales)
    scales.push_back(static_cast<double>(x->scale) * static_cast<double>(scale));
  const ValueId bias = inputs.size() > 2 ? inputs[2] : ValueId{};
  const auto operands = tail_operands(graph, *tail, bias, scales, reach_of(w->values, 0));
  if (!operands) return std::nullopt;

  auto quantized = op::with_window_of<op::QuantizedConv>(*conv);
  quantized.x_zero = x->zero;
  set_tail(quantized, *tail);
  return finish_tail(graph, root, *tail, std::move(quantized), x->q, w->values, {}, *operands, true);
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_conv(RuleRegistry& registry) {
  registry.add({"quantized_conv",
                "quantize",
                "convolution of integers with its residual, activation and rounding",
                {"quantize_linear"},
                rules::quantized_conv});
  registry.add({"quantized_conv_to_float",
                "quantize_open",
                "convolution of integers whose result is not rounded",
                {"conv", "add", "relu", "clip", "leaky_relu"},
                rules::quantized_conv});
}

}  // namespace tenon
