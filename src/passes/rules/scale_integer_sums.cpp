// cast(conv_integer(x, w, zero)) · s → scaled_conv_integer, likewise matmul_integer: for constant weights
// that fit into i8 once their zero point is taken off, one zero point of x, and a factor per tensor or output
// channel.
#include "ops/cast.hpp"
#include "ops/scaled_integer.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>

namespace tenon::rules {
namespace {

int byte_at(const Tensor& tensor, std::size_t i) {
  return tensor.dtype() == DataType::u8 ? tensor.values<std::uint8_t>()[i] : tensor.values<std::int8_t>()[i];
}

// w - zero, with a zero point for each place along `axis`, or one; nothing when that is no i8.
std::optional<Tensor> centred_weights(const Tensor& w, const Tensor* zero, std::size_t axis) {
  if (w.rank() < 2 || (zero != nullptr && zero->elements() != 1 &&
                       (zero->rank() != 1 || zero->elements() != w.shape()[axis])))
    return std::nullopt;
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < w.shape().size(); ++i) inner *= static_cast<std::size_t>(w.shape()[i]);
  Tensor result(DataType::i8, w.shape());
  const auto to = result.mutable_values<std::int8_t>();
  const std::size_t zeros = zero == nullptr ? 1 : static_cast<std::size_t>(zero->elements());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const int code = byte_at(w, i) - (zero == nullptr ? 0 : byte_at(*zero, i / inner % zeros));
    if (code < -128 || code > 127) return std::nullopt;
    to[i] = static_cast<std::int8_t>(code);
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
  std::optional<Tensor> centred = centred_weights(*w, w_zero, w_axis);
  if (!centred) return std::nullopt;

  Patch patch(graph, root);
  patch.set_location(merged_location(*source, node));
  std::vector<ValueId> inputs = {operands[0], patch.add_constant(*std::move(centred)),
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
