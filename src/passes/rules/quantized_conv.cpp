// conv or conv_transpose of dequantized operands, with what follows it, becomes quantized_conv or
// quantized_conv_transpose.
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/conv_window.hpp"
#include "ops/quantized_conv_transpose.hpp"
#include "passes/rules/quantized_tail.hpp"

namespace tenon::rules {
namespace {

// `copies` times the same numbers, one after the other.
std::vector<double> repeated(const std::vector<double>& once, std::int64_t copies) {
  std::vector<double> all;
  for (std::int64_t i = 0; i < copies; ++i) all.insert(all.end(), once.begin(), once.end());
  return all;
}

// `axis`: of the weights, along which they have a scale; each serves a channel of `groups` groups.
template <class Quantized, class Float>
std::optional<Patch> quantize(const Graph& graph, NodeId root, const QuantizedTail& tail, const Float& conv,
                              std::size_t axis, std::int64_t groups) {
  const std::vector<ValueId>& inputs = tail.main->inputs;
  const auto x = dequantized_from(graph, inputs[0]);
  const auto w = x ? weights_from(graph, inputs[1], axis) : std::nullopt;
  if (!w) return std::nullopt;
  std::vector<double> scales;
  for (const float scale : w->scales)
    scales.push_back(static_cast<double>(x->scale) * static_cast<double>(scale));
  const ValueId bias = inputs.size() > 2 ? inputs[2] : ValueId{};
  const auto operands =
      tail_operands(graph, tail, bias, repeated(scales, groups), repeated(reach_of(w->values, axis), groups));
  if (!operands) return std::nullopt;

  auto quantized = op::with_window_of<Quantized>(conv);
  quantized.x_zero = x->zero;
  set_tail(quantized, tail);
  return finish_tail(graph, root, tail, std::move(quantized), x->q, w->values, {}, *operands, true);
}

std::optional<Patch> quantized_conv(const Graph& graph, NodeId root, const RuleContext& context) {
  const auto tail = quantized_tail(graph, root, context);
  if (!tail) return std::nullopt;
  if (const auto* conv = tail->main->op.as<op::Conv>())
    return quantize<op::QuantizedConv>(graph, root, *tail, *conv, 0, 1);
  if (const auto* conv = tail->main->op.as<op::ConvTranspose>())
    return quantize<op::QuantizedConvTranspose>(graph, root, *tail, *conv, 1, conv->group);
  return std::nullopt;
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
                {"conv", "conv_transpose", "add", "relu", "clip", "leaky_relu"},
                rules::quantized_conv});
}

}  // namespace tenon
