#include "passes/rules/quantization.hpp"

#include "ops/concat.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/pad.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/resize.hpp"
#include "ops/scalar.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::rules {
namespace {

constexpr std::size_t kPadValue = 2;  // operand of pad

bool is_byte(DataType dtype) { return dtype == DataType::i8 || dtype == DataType::u8; }

std::int64_t integer_at(const Tensor& tensor, std::size_t i) {
  return tensor.dtype() == DataType::u8 ? std::int64_t{tensor.values<std::uint8_t>()[i]}
                                        : std::int64_t{tensor.values<std::int8_t>()[i]};
}

bool is_scale(float scale) { return scale > 0 && std::isfinite(scale); }

bool is_f32(const Graph& graph, ValueId id) {
  const Type& type = graph.type(id);
  return type.is_tensor() && type.as_tensor().dtype == DataType::f32;
}

ValueId zero_operand(const Node& node) { return node.inputs.size() > 2 ? node.inputs[2] : ValueId{}; }

// One number for each channel, or one for all of them.
template <class T, class F>
std::vector<T> spread_over(std::size_t channels, std::int64_t elements, F&& at) {
  std::vector<T> list(channels);
  for (std::size_t i = 0; i < channels; ++i) list[i] = at(elements == 1 ? 0 : i);
  return list;
}

}  // namespace

std::optional<Affine> affine_of(const Graph& graph, ValueId q, ValueId scale, ValueId zero) {
  const Type& type = graph.type(q);
  const Tensor* step = graph.constant(scale);
  if (!type.is_tensor() || !is_byte(type.as_tensor().dtype) || step == nullptr) return std::nullopt;
  if (step->dtype() != DataType::f32 || step->elements() != 1) return std::nullopt;
  Affine affine{q, type.as_tensor().dtype, step->values<float>()[0], 0};
  if (!is_scale(affine.scale)) return std::nullopt;
  if (zero.valid()) {
    const Tensor* constant = graph.constant(zero);
    if (constant == nullptr || constant->elements() != 1) return std::nullopt;
    affine.zero = integer_at(*constant, 0);
  }
  return affine;
}

std::optional<Affine> dequantized_from(const Graph& graph, ValueId x) {
  if (producer_as<op::DequantizeLinear>(graph, x) == nullptr || !is_f32(graph, x)) return std::nullopt;
  const Node& node = *producer(graph, x);
  return affine_of(graph, node.inputs[0], node.inputs[1], zero_operand(node));
}

std::optional<Affine> as_quantize(const Graph& graph, const Node& node) {
  const auto* quantize = node.op.as<op::QuantizeLinear>();
  if (quantize == nullptr || quantize->precision.value_or(DataType::f32) != DataType::f32)
    return std::nullopt;
  if (!is_f32(graph, node.inputs[0])) return std::nullopt;
  return affine_of(graph, node.outputs[0], node.inputs[1], zero_operand(node));
}

std::optional<QuantizedWeights> weights_from(const Graph& graph, ValueId w, std::size_t axis) {
  const auto* dequantize = producer_as<op::DequantizeLinear>(graph, w);
  if (dequantize == nullptr || dequantize->block_size != 0 || !is_f32(graph, w)) return std::nullopt;
  const Node& node = *producer(graph, w);
  const Dims* dims = plain_dims(graph, node.inputs[0]);
  if (dims == nullptr) return std::nullopt;
  const std::int64_t own_axis =
      dequantize->axis < 0 ? dequantize->axis + std::ssize(*dims) : dequantize->axis;
  return weights_of(graph, {node.inputs[0], node.inputs[1], zero_operand(node)},
                    static_cast<std::size_t>(own_axis), axis);
}

std::optional<QuantizedWeights> weights_of(const Graph& graph, const StoredWeights& stored,
                                           std::size_t own_axis, std::size_t axis) {
  const Tensor* q = graph.constant(stored.q);
  const Tensor* scale = graph.constant(stored.scale);
  const Tensor* zero = stored.zero.valid() ? graph.constant(stored.zero) : nullptr;
  if (q == nullptr || !is_byte(q->dtype()) || scale == nullptr || scale->dtype() != DataType::f32)
    return std::nullopt;
  if ((stored.zero.valid() && zero == nullptr) || axis >= q->shape().size()) return std::nullopt;
  if (scale->elements() != 1 && own_axis != axis) return std::nullopt;
  const auto channels = static_cast<std::size_t>(q->shape()[axis]);

  QuantizedWeights weights{Tensor(DataType::i8, q->shape()), {}};
  const auto scales = scale->values<float>();
  weights.scales = spread_over<float>(channels, scale->elements(), [&](std::size_t i) { return scales[i]; });
  if (!std::all_of(weights.scales.begin(), weights.scales.end(), is_scale)) return std::nullopt;
  const auto zeros =
      spread_over<std::int64_t>(channels, zero != nullptr ? zero->elements() : 1,
                                [&](std::size_t i) { return zero != nullptr ? integer_at(*zero, i) : 0; });
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < q->shape().size(); ++i) inner *= static_cast<std::size_t>(q->shape()[i]);
  const auto values = weights.values.mutable_values<std::int8_t>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int64_t value = integer_at(*q, i) - zeros[i / inner % channels];
    if (value < -128 || value > 127) return std::nullopt;
    values[i] = static_cast<std::int8_t>(value);
  }
  return weights;
}

std::optional<Activation> as_activation(const Op& op) {
  using Kind = op::QuantizedActivation;
  const auto elementwise = as_elementwise(op);
  if (!elementwise) return std::nullopt;
  switch (elementwise->fn) {
    case PointwiseFn::relu: return Activation{Kind::relu, 0, 0};
    case PointwiseFn::leaky_relu: return Activation{Kind::leaky, elementwise->alpha, 0};
    case PointwiseFn::clip:
      if (!(elementwise->alpha <= elementwise->beta)) return std::nullopt;
      return Activation{Kind::clip, elementwise->alpha, elementwise->beta};
    default: return std::nullopt;
  }
}

std::optional<Activation> as_gate(const Op& op) {
  using Kind = op::QuantizedActivation;
  const auto elementwise = as_elementwise(op);
  if (!elementwise) return std::nullopt;
  switch (elementwise->fn) {
    case PointwiseFn::silu:
      if (elementwise->alpha != 1) return std::nullopt;
      return Activation{Kind::silu, 1, 0};
    case PointwiseFn::gelu: return Activation{Kind::gelu, 1, 0};
    case PointwiseFn::gelu_tanh: return Activation{Kind::gelu_tanh, 1, 0};
    case PointwiseFn::hard_swish: return Activation{Kind::hard_swish, 1, 0};
    default: return std::nullopt;
  }
}

float unit_of(const Activation& activation, float scale) {
  return op::is_gated(activation.kind) ? 1.0F : scale;
}

Activation in_quanta(const Activation& activation, float scale) {
  if (op::is_gated(activation.kind)) return {activation.kind, 1 / scale, 0};
  if (activation.kind != op::QuantizedActivation::clip) return activation;
  return {activation.kind, activation.alpha / scale, activation.beta / scale};
}

bool moves_elements(const Graph& graph, const Node& node) {
  static constexpr std::array<std::string_view, 15> kNames{
      "concat", "depth_to_space", "expand", "flatten", "gather", "identity",  "max_pool", "reshape",
      "slice",  "space_to_depth", "split",  "squeeze", "tile",   "transpose", "unsqueeze"};
  if (const auto* resize = node.op.as<op::Resize>()) {
    // An extrapolated element would have a value of its own.
    return resize->mode == op::ResizeMode::nearest &&
           resize->transform != op::CoordinateTransform::tf_crop_and_resize && is_f32(graph, node.inputs[0]);
  }
  if (const auto* pad = node.op.as<op::Pad>()) {
    const bool fills = pad->mode == op::PadMode::constant && node.inputs.size() > kPadValue;
    if (fills && node.inputs[kPadValue].valid() && splat(graph, node.inputs[kPadValue]) != 0.0) return false;
    return is_f32(graph, node.inputs[0]);
  }
  if (std::find(kNames.begin(), kNames.end(), node.op.name()) == kNames.end()) return false;
  if (node.op.name() == "max_pool" && node.outputs.size() != 1) return false;
  const std::size_t data = node.op.is<op::Concat>() ? node.inputs.size() : 1;
  for (std::size_t i = 0; i < data; ++i) {
    if (!node.inputs[i].valid() || !is_f32(graph, node.inputs[i])) return false;
  }
  return true;
}

std::vector<ValueId> add_moved(NodeBuilder& builder, const Node& node, std::vector<ValueId> integers,
                               const Affine& numbers) {
  std::vector<ValueId> inputs = node.inputs;
  std::copy(integers.begin(), integers.end(), inputs.begin());
  if (const auto* pad = node.op.as<op::Pad>(); pad != nullptr && pad->mode == op::PadMode::constant) {
    inputs.resize(std::max(inputs.size(), kPadValue + 1));
    inputs[kPadValue] = builder.add_constant(scalar_tensor(numbers.dtype, static_cast<double>(numbers.zero)));
  }
  return builder.add_node(node.op, std::move(inputs), node.outputs.size());
}

}  // namespace tenon::rules
