// matmul of dequantized operands, with what follows it, becomes quantized_matmul.
#include "ops/quantized_matmul.hpp"

#include "ops/matmul.hpp"
#include "passes/rules/quantized_tail.hpp"

namespace tenon::rules {
namespace {

struct SecondOperand {
  std::optional<Tensor> weights;  // constant, i8, without zero point
  ValueId computed;
  std::int64_t zero = 0;
  std::vector<float> scales;
};

std::optional<SecondOperand> second_operand(const Graph& graph, ValueId b, bool transposed) {
  const Dims* dims = plain_dims(graph, b);
  if (dims == nullptr) return std::nullopt;
  if (dims->size() >= 2) {
    if (auto weights = weights_from(graph, b, dims->size() - (transposed ? 2 : 1)))
      return SecondOperand{std::move(weights->values), {}, 0, std::move(weights->scales)};
  }
  const auto from = dequantized_from(graph, b);
  if (!from) return std::nullopt;
  return SecondOperand{std::nullopt, from->q, from->zero, {from->scale}};
}

std::optional<Patch> quantized_matmul(const Graph& graph, NodeId root, const RuleContext& context) {
  const auto tail = quantized_tail(graph, root, context);
  const auto* matmul = tail ? tail->main->op.as<op::MatMul>() : nullptr;
  if (matmul == nullptr || !(matmul->alpha != 0)) return std::nullopt;
  const std::vector<ValueId>& inputs = tail->main->inputs;
  const auto a = dequantized_from(graph, inputs[0]);
  auto b = a ? second_operand(graph, inputs[1], matmul->transpose_b) : std::nullopt;
  if (!b) return std::nullopt;
  const ValueId bias = inputs.size() > 2 ? inputs[2] : ValueId{};
  const Tensor* bias_constant = bias.valid() ? graph.constant(bias) : nullptr;
  // A bias wants a list of scales, as long as itself.
  if (b->scales.size() == 1 && bias_constant != nullptr)
    b->scales.resize(static_cast<std::size_t>(bias_constant->elements()), b->scales[0]);
  std::vector<double> scales;
  for (const float scale : b->scales) {
    scales.push_back(static_cast<double>(a->scale) * static_cast<double>(scale) *
                     static_cast<double>(matmul->alpha));
  }
  const auto reach = b->weights
                         ? reach_of(*b->weights, b->weights->shape().size() - (matmul->transpose_b ? 2 : 1))
                         : std::vector<double>{};
  const auto operands = tail_operands(graph, *tail, bias, scales, reach);
  if (!operands) return std::nullopt;

  op::QuantizedMatMul quantized;
  quantized.transpose_a = matmul->transpose_a;
  quantized.transpose_b = matmul->transpose_b;
  quantized.a_zero = a->zero;
  quantized.b_zero = b->zero;
  set_tail(quantized, *tail);
  const bool per_channel = b->weights.has_value() || bias.valid();
  return finish_tail(graph, root, *tail, std::move(quantized), a->q, b->weights, b->computed, *operands,
                     per_channel);
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_matmul(RuleRegistry& registry) {
  registry.add({"quantized_matmul",
                "quantize",
                "product of integers with its residual, activation and rounding",
                {"quantize_linear"},
                rules::quantized_matmul});
  registry.add({"quantized_matmul_to_float",
                "quantize_open",
                "product of integers whose result is not rounded",
                {"matmul", "add", "relu", "clip", "leaky_relu"},
                rules::quantized_matmul});
}

}  // namespace tenon
