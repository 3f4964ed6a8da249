// qlinear_conv and qlinear_matmul of known scales and weights → quantized_conv and quantized_matmul, bit for
// bit.
#include "ops/conv_window.hpp"
#include "ops/qlinear_conv.hpp"
#include "ops/qlinear_matmul.hpp"
#include "ops/quantized_conv.hpp"
#include "ops/quantized_matmul.hpp"
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

// The operands of qlinear_matmul are those of qlinear_conv, without a bias.
using Operands = op::QLinearConv;

struct Parts {
  Affine x, y;
  QuantizedWeights w;
  std::vector<float> multipliers;
};

std::optional<Parts> parts_of(const Graph& graph, const Node& node, std::size_t channel_axis) {
  const auto x = affine_of(graph, node.inputs[Operands::kX], node.inputs[Operands::kXScale],
                           node.inputs[Operands::kXZero]);
  const auto y =
      affine_of(graph, node.outputs[0], node.inputs[Operands::kYScale], node.inputs[Operands::kYZero]);
  if (!x || !y) return std::nullopt;
  auto w = weights_of(
      graph, {node.inputs[Operands::kW], node.inputs[Operands::kWScale], node.inputs[Operands::kWZero]},
      channel_axis, channel_axis);
  if (!w) return std::nullopt;
  Parts parts{*x, *y, *std::move(w), {}};
  for (const float scale : parts.w.scales) parts.multipliers.push_back(x->scale * scale / y->scale);
  return parts;
}

std::optional<Patch> finish(const Graph& graph, NodeId root, Op op, const Parts& parts, ValueId bias) {
  const Node& node = graph.node(root);
  Patch patch(graph, root);
  const auto channels = std::ssize(parts.multipliers);
  std::vector<ValueId> inputs{
      parts.x.q, patch.add_constant(parts.w.values),
      patch.add_constant(Tensor::of<float>({channels}, std::span(parts.multipliers)))};
  if (bias.valid()) inputs.push_back(bias);
  const ValueId result = patch.add(std::move(op), std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> lower_qlinear_conv(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const auto parts = parts_of(graph, node, 0);
  const ValueId bias = node.inputs.size() > Operands::kBias ? node.inputs[Operands::kBias] : ValueId{};
  if (!parts || (bias.valid() && graph.constant(bias) == nullptr)) return std::nullopt;
  auto quantized = op::with_window_of<op::QuantizedConv>(*node.op.as<op::QLinearConv>());
  quantized.x_zero = parts->x.zero;
  quantized.y_zero = parts->y.zero;
  quantized.output_dtype = parts->y.dtype;
  return finish(graph, root, std::move(quantized), *parts, bias);
}

std::optional<Patch> lower_qlinear_matmul(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  const Dims* dims = plain_dims(graph, node.inputs[Operands::kW]);
  if (dims == nullptr || dims->size() < 2) return std::nullopt;
  const auto parts = parts_of(graph, node, dims->size() - 1);
  if (!parts) return std::nullopt;
  op::QuantizedMatMul quantized;
  quantized.a_zero = parts->x.zero;
  quantized.y_zero = parts->y.zero;
  quantized.output_dtype = parts->y.dtype;
  return finish(graph, root, std::move(quantized), *parts, {});
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_lower_qlinear(RuleRegistry& registry) {
  registry.add({"lower_qlinear_conv",
                "quantize",
                "qlinear_conv with its scales in multipliers",
                {"qlinear_conv"},
                rules::lower_qlinear_conv});
  registry.add({"lower_qlinear_matmul",
                "quantize",
                "qlinear_matmul with its scales in multipliers",
                {"qlinear_matmul"},
                rules::lower_qlinear_matmul});
}

}  // namespace tenon
