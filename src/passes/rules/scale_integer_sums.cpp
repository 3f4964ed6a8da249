// cast(conv_integer(x, w, zero)) · s → scaled_conv_integer, likewise matmul_integer: for constant weights
// that fit into i8 once their zero point is taken off, one zero point of x, and a factor per tensor or output
// channel.
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/conv.hpp"
#include "ops/conv_window.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/scaled_integer.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>
#include <cstdlib>

namespace tenon::rules {
namespace {

int byte_at(const Tensor& tensor, std::size_t i) {
  return tensor.dtype() == DataType::u8 ? tensor.values<std::uint8_t>()[i] : tensor.values<std::int8_t>()[i];
}

// w - zero, with a zero point for each place along `axis`, or one; nothing when these do not fit.
std::optional<std::vector<int>> centred_weights(const Tensor& w, const Tensor* zero, std::size_t axis) {
  if (w.rank() < 2 || (zero != nullptr && zero->elements() != 1 &&
                       (zero->rank() != 1 || zero->elements() != w.shape()[axis])))
    return std::nullopt;
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < w.shape().size(); ++i) inner *= static_cast<std::size_t>(w.shape()[i]);
  std::vector<int> result(static_cast<std::size_t>(w.elements()));
  const std::size_t zeros = zero == nullptr ? 1 : static_cast<std::size_t>(zero->elements());
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = byte_at(w, i) - (zero == nullptr ? 0 : byte_at(*zero, i / inner % zeros));
  return result;
}

// Weights of i8 that a sum over one, or two, copies of x takes.
struct SignedWeights {
  Tensor values;
  bool twice = false;
};

// Differences of bytes reach from -255 to 255; those beyond i8 are the sum of two weights, of x and a copy of
// it behind it along the axis that is summed over. Nothing for grouped convolutions that need it.
std::optional<SignedWeights> signed_weights(const std::vector<int>& centred, const Shape& shape,
                                            std::size_t inner_axis, bool grouped) {
  const auto beyond = [](int w) { return w < -128 || w > 127; };
  SignedWeights result;
  result.twice = std::any_of(centred.begin(), centred.end(), beyond);
  if (result.twice && (grouped || std::count(centred.begin(), centred.end(), 255) > 0)) return std::nullopt;
  Shape whole = shape;
  if (result.twice) whole[inner_axis] *= 2;
  result.values = Tensor(DataType::i8, whole);
  const auto to = result.values.mutable_values<std::int8_t>();
  std::size_t block = 1;  // that a copy of x meets at once
  for (std::size_t i = inner_axis; i < shape.size(); ++i) block *= static_cast<std::size_t>(shape[i]);
  for (std::size_t i = 0; i < centred.size(); ++i) {
    const int half = result.twice ? centred[i] / 2 : 0;
    const std::size_t at = result.twice ? i / block * 2 * block + i % block : i;
    to[at] = static_cast<std::int8_t>(centred[i] - half);
    if (result.twice) to[at + block] = static_cast<std::int8_t>(half);
  }
  return result;
}

// One factor, or one for each of `channels` along the axis of a result of that rank.
bool is_channel_factor(const Graph& graph, ValueId factor, std::size_t rank, std::size_t axis,
                       std::int64_t channels) {
  const Dims* dims = plain_dims(graph, factor);
  if (dims == nullptr || dims->size() > rank || graph.type(factor).as_tensor().dtype != DataType::f32)
    return false;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const bool channel = rank - dims->size() + i == axis;
    if (!(*dims)[i].is_const(1) && !(channel && (*dims)[i].is_const(channels))) return false;
  }
  return true;
}

// Whether no sum over bytes can leave the integers that f32 holds.
bool exact_in_floats(const std::vector<int>& centred, std::int64_t channels) {
  const std::size_t each = centred.size() / static_cast<std::size_t>(channels);
  for (std::size_t begin = 0; begin < centred.size(); begin += each) {
    double sum = 0;
    for (std::size_t i = begin; i < begin + each; ++i) sum += 255.0 * std::abs(centred[i]);
    if (sum > 0x1p24) return false;
  }
  return true;
}

// Grouped convolutions by the kernels for floats. Those of groups take no other way than sums of products.
std::optional<Patch> scale_floats(const Graph& graph, NodeId root, const Node& source,
                                  const op::ConvInteger& integer, ValueId factor) {
  const std::vector<ValueId>& operands = source.inputs;
  Patch patch(graph, root);
  patch.set_location(merged_location(source, graph.node(root)));
  const auto floats = [&](std::size_t i) {
    op::DequantizeLinear dequantize;
    dequantize.axis = 0;
    std::vector<ValueId> parts = {operands[i]};
    const bool zero = i + 2 < operands.size() && operands[i + 2].valid();
    const Tensor* zeros = zero ? graph.constant(operands[i + 2]) : nullptr;
    const std::int64_t scales = zeros != nullptr && zeros->rank() == 1 ? zeros->elements() : 0;
    Tensor ones(DataType::f32, scales > 0 ? Shape{scales} : Shape{});
    for (float& one : ones.mutable_values<float>()) one = 1;
    parts.push_back(patch.add_constant(std::move(ones)));
    if (zero) parts.push_back(scales > 0 ? operands[i + 2] : add_reshape(patch, operands[i + 2], {}));
    return patch.add(dequantize, std::move(parts));
  };
  const ValueId sums = patch.add(op::with_window_of<op::Conv>(integer), {floats(0), floats(1)});
  const ValueId result = patch.add(op::binary(PointwiseFn::mul), {sums, factor});
  const ValueId output = graph.node(root).outputs[0];
  if (!patch.can_replace(output, result)) return std::nullopt;
  patch.replace(output, result);
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> scale_sums(const Graph& graph, NodeId root, std::size_t sums,
                                const RuleContext& context) {
  const Node& node = graph.node(root);
  const ValueId floats = node.inputs[sums];
  const ValueId factor = node.inputs[1 - sums];
  const auto* cast = producer_as<op::Cast>(graph, floats);
  if (cast == nullptr || cast->to != DataType::f32 || context.only_user(floats) != root) return std::nullopt;
  const NodeId cast_id = graph.value(floats).producer;
  const ValueId integers = producer(graph, floats)->inputs[0];
  const Node* source = producer(graph, integers);
  if (source == nullptr || context.only_user(integers) != cast_id || source->region != node.region)
    return std::nullopt;
  const auto* conv = source->op.as<op::ConvInteger>();
  if (conv == nullptr && !source->op.is<op::MatMulInteger>()) return std::nullopt;

  const std::vector<ValueId>& operands = source->inputs;
  const auto at = [&](std::size_t i) { return i < operands.size() ? operands[i] : ValueId(); };
  const Tensor* w = graph.constant(operands[1]);
  const Tensor* w_zero = at(3).valid() ? graph.constant(at(3)) : nullptr;
  const Dims* dims = plain_dims(graph, integers);
  if (w == nullptr || (at(3).valid() && w_zero == nullptr) || dims == nullptr) return std::nullopt;
  if (conv == nullptr && (w->rank() != 2 || dims->size() < 2)) return std::nullopt;
  const std::size_t w_axis = conv != nullptr ? 0 : 1;
  const std::size_t axis = conv != nullptr ? 1 : dims->size() - 1;
  if (!is_channel_factor(graph, factor, dims->size(), axis, w->shape()[w_axis])) return std::nullopt;
  if (at(2).valid()) {
    const Dims* zero = plain_dims(graph, at(2));
    const bool one = zero != nullptr &&
                     std::all_of(zero->begin(), zero->end(), [](const Dim& dim) { return dim.is_const(1); });
    if (!one) return std::nullopt;
  }
  const auto centred = centred_weights(*w, w_zero, w_axis);
  const bool grouped = conv != nullptr && conv->group != 1;
  auto weights = centred ? signed_weights(*centred, w->shape(), 1 - w_axis, grouped) : std::nullopt;
  if (!weights) {
    if (!centred || !grouped || !exact_in_floats(*centred, w->shape()[0])) return std::nullopt;
    return scale_floats(graph, root, *source, *conv, factor);
  }

  Patch patch(graph, root);
  patch.set_location(merged_location(*source, node));
  ValueId x = operands[0];
  if (weights->twice) {
    op::Concat concat;
    concat.axis = conv != nullptr ? 1 : -1;
    x = patch.add(concat, {x, x});
  }
  std::vector<ValueId> inputs = {x, patch.add_constant(std::move(weights->values)),
                                 add_reshape(patch, factor, {-1})};
  if (at(2).valid()) inputs.push_back(add_reshape(patch, at(2), {}));
  ValueId result;
  if (conv != nullptr) {
    op::ScaledConvInteger scaled;
    static_cast<op::ConvInteger&>(scaled) = *conv;
    result = patch.add(std::move(scaled), std::move(inputs));
  } else {
    result = patch.add(op::ScaledMatMulInteger{}, std::move(inputs));
  }
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> scale_integer_sums(const Graph& graph, NodeId root, const RuleContext& context) {
  if (!is_elementwise(graph.node(root).op, PointwiseFn::mul)) return std::nullopt;
  for (const std::size_t sums : {0, 1}) {
    if (auto patch = scale_sums(graph, root, sums, context)) return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_scale_integer_sums(RuleRegistry& registry) {
  registry.add({"scale_integer_sums",
                "quantize",
                "sums of integers and the factor that makes floats of them",
                {"mul"},
                rules::scale_integer_sums});
}

}  // namespace tenon
