#include "passes/rules/quantized_tail.hpp"

#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/matmul.hpp"

#include <cmath>

namespace tenon::rules {
namespace {

constexpr double kLargestBias = 0x1p30;  // where nothing is known of the products: as much again for these
constexpr double kLargestSum = 0x1p31 - 1;

bool is_main(const Op& op) {
  if (const auto* conv = op.as<op::Conv>()) return conv->epilogue.empty();
  if (const auto* conv = op.as<op::ConvTranspose>()) return conv->epilogue.empty();
  if (const auto* matmul = op.as<op::MatMul>()) return matmul->epilogue.empty();
  return false;
}

// For add(main, dequantized): which operand is which.
struct Sum {
  ValueId main;
  Affine residual;
};
std::optional<Sum> as_sum(const Graph& graph, NodeId id, const RuleContext& context) {
  const Node& node = graph.node(id);
  if (!is_elementwise(node.op, PointwiseFn::add)) return std::nullopt;
  for (const std::size_t i : {0, 1}) {
    const ValueId main = node.inputs[i];
    const ValueId other = node.inputs[1 - i];
    const Node* source = producer(graph, main);
    if (source == nullptr || !is_main(source->op) || context.only_user(main) != id) continue;
    const auto residual = dequantized_from(graph, other);
    const bool same = same_dims(graph, main, node.outputs[0]) && same_dims(graph, other, node.outputs[0]);
    if (residual && same && source->region == node.region) return Sum{main, *residual};
  }
  return std::nullopt;
}

// Whether `user`, the only one of a tail's value so far, could be the next part of it.
bool could_follow(const Graph& graph, NodeId root, NodeId user, const RuleContext& context) {
  if (!user.valid()) return false;
  const Op& op = graph.node(root).op;
  const Op& next = graph.node(user).op;
  if (as_activation(next)) return !as_activation(op);
  if (as_gate(next)) {
    const NodeId last = context.only_user(graph.node(user).outputs[0]);
    return op.is<op::MatMul>() && last.valid() && as_quantize(graph, graph.node(last));
  }
  return is_main(op) && as_sum(graph, user, context);
}

// Bias as real numbers: f32, or dequantized integers.
std::optional<std::vector<double>> bias_numbers(const Graph& graph, ValueId id, std::size_t channels) {
  std::vector<double> numbers;
  if (const Tensor* constant = graph.constant(id)) {
    if (constant->dtype() != DataType::f32) return std::nullopt;
    for (const float value : constant->values<float>()) numbers.push_back(static_cast<double>(value));
  } else if (producer_as<op::DequantizeLinear>(graph, id) != nullptr) {
    const Node& node = *producer(graph, id);
    const Tensor* q = graph.constant(node.inputs[0]);
    const Tensor* scale = graph.constant(node.inputs[1]);
    if (q == nullptr || scale == nullptr || q->dtype() != DataType::i32 || scale->dtype() != DataType::f32)
      return std::nullopt;
    if (node.inputs.size() > 2 && node.inputs[2].valid() && splat(graph, node.inputs[2]) != 0.0)
      return std::nullopt;
    const auto scales = scale->values<float>();
    if (scales.size() != 1 && scale->elements() != q->elements()) return std::nullopt;
    for (const std::int32_t value : q->values<std::int32_t>()) {
      const float s = scales[scales.size() == 1 ? 0 : numbers.size()];
      numbers.push_back(value * static_cast<double>(s));
    }
  }
  if (numbers.size() != channels) return std::nullopt;
  return numbers;
}

}  // namespace

std::optional<QuantizedTail> quantized_tail(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& last = graph.node(root);
  QuantizedTail tail;
  tail.value = last.outputs[0];
  tail.result = as_quantize(graph, last);
  if (last.op.name() == "quantize_linear" && !tail.result) return std::nullopt;
  NodeId at = root;
  const auto step_to = [&](ValueId value) {
    const NodeId from = graph.value(value).producer;
    if (!from.valid() || context.only_user(value) != at || graph.node(from).region != last.region)
      return false;
    at = from;
    const std::string& name = graph.node(from).location;
    const bool known = name.empty() || tail.location == name;
    if (!known) tail.location = tail.location.empty() ? name : name + " + " + tail.location;
    return true;
  };
  tail.location = last.location;
  if (tail.result) {
    if (!step_to(last.inputs[0])) return std::nullopt;
  } else if (could_follow(graph, root, context.only_user(tail.value), context)) {
    return std::nullopt;
  }
  const auto gate = tail.result ? as_gate(graph.node(at).op) : std::nullopt;
  if (const auto activation = gate ? gate : as_activation(graph.node(at).op)) {
    tail.activation = *activation;
    if (!step_to(graph.node(at).inputs[0])) return std::nullopt;
  }
  if (const auto sum = as_sum(graph, at, context)) {
    tail.residual = sum->residual;
    if (!step_to(sum->main)) return std::nullopt;
  }
  tail.main = &graph.node(at);
  if (!is_main(tail.main->op)) return std::nullopt;
  if (gate && (tail.residual || !tail.main->op.is<op::MatMul>())) return std::nullopt;
  return tail;
}

std::vector<double> reach_of(const Tensor& weights, std::size_t axis) {
  const Shape& shape = weights.shape();
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  const auto channels = static_cast<std::size_t>(shape.at(axis));
  const auto values = weights.values<std::int8_t>();
  std::vector<double> reach(channels);
  for (std::size_t i = 0; i < values.size(); ++i) reach[i / inner % channels] += 255.0 * std::abs(values[i]);
  return reach;
}

std::optional<TailOperands> tail_operands(const Graph& graph, const QuantizedTail& tail, ValueId bias,
                                          const std::vector<double>& scales,
                                          const std::vector<double>& reach) {
  TailOperands operands;
  const auto unit = static_cast<double>(tail.unit());
  for (const double scale : scales) operands.multipliers.push_back(static_cast<float>(scale / unit));
  if (!bias.valid()) return operands;
  const auto numbers = bias_numbers(graph, bias, scales.size());
  if (!numbers) return std::nullopt;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const double quanta = std::nearbyint((*numbers)[i] / scales[i]);
    const double most = i < reach.size() ? std::max(kLargestBias, kLargestSum - reach[i]) : kLargestBias;
    if (!(std::fabs(quanta) <= most)) return std::nullopt;
    operands.bias.push_back(static_cast<std::int32_t>(quanta));
  }
  return operands;
}

std::optional<Patch> finish_tail(const Graph& graph, NodeId root, const QuantizedTail& tail, Op op, ValueId x,
                                 std::optional<Tensor> weights, ValueId b, const TailOperands& operands,
                                 bool per_channel) {
  Patch patch(graph, root);
  patch.set_location(tail.location);
  const auto channels = std::ssize(operands.multipliers);
  std::vector<ValueId> inputs{x, weights ? patch.add_constant(*std::move(weights)) : b};
  inputs.push_back(patch.add_constant(
      Tensor::of<float>(per_channel ? Shape{channels} : Shape{}, std::span(operands.multipliers))));
  if (!operands.bias.empty() || tail.residual) {
    inputs.push_back(operands.bias.empty() ? ValueId{}
                                           : patch.add_constant(Tensor::of<std::int32_t>(
                                                 {channels}, std::span(operands.bias))));
  }
  if (tail.residual) inputs.push_back(tail.residual->q);
  const ValueId result = patch.add(std::move(op), std::move(inputs));
  if (!patch.can_replace(tail.value, result)) return std::nullopt;
  patch.replace(tail.value, result);
  return patch;
}

}  // namespace tenon::rules
