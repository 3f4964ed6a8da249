#include "passes/rules/match.hpp"

#include "base/check.hpp"
#include "base/half.hpp"
#include "ops/binary.hpp"
#include "ops/reshape.hpp"
#include "ops/unary.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace tenon::rules {
namespace {

template <class T>
double as_double(T value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<double>(value);
  } else {
    return static_cast<double>(static_cast<float>(value));
  }
}

template <class T>
std::optional<double> splat_of(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  const std::span<const std::byte> bytes = std::as_bytes(values);
  // Each element's bytes against those of the one before it: NaNs and zeros of either sign count as what they
  // are.
  if (!std::equal(bytes.begin() + sizeof(T), bytes.end(), bytes.begin())) return std::nullopt;
  return as_double(values[0]);
}

}  // namespace

const Node* producer(const Graph& graph, ValueId id) {
  const NodeId node = graph.value(id).producer;
  return node.valid() ? &graph.node(node) : nullptr;
}

const Dims* plain_dims(const NodeBuilder& values, ValueId id) {
  if (!id.valid()) return nullptr;
  const Type& type = values.type(id);
  if (!type.is_tensor()) return nullptr;
  const TensorType& tensor = type.as_tensor();
  const bool plain = tensor.layout.is_plain() && tensor.quant.scheme == Quantization::Scheme::none;
  return plain && tensor.dims ? &*tensor.dims : nullptr;
}

bool same_dims(const Dims& a, const Dims& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), provably_equal);
}

bool same_dims(const NodeBuilder& values, ValueId a, ValueId b) {
  const Dims* x = plain_dims(values, a);
  const Dims* y = plain_dims(values, b);
  return x != nullptr && y != nullptr && same_dims(*x, *y);
}

bool keeps_dims(const Graph& graph, ValueId x, ValueId constant, ValueId result) {
  if (same_dims(graph, x, result)) return true;
  const Dims* dims = plain_dims(graph, x);
  const Tensor* tensor = graph.constant(constant);
  return dims != nullptr && tensor != nullptr && tensor->elements() == 1 &&
         tensor->shape().size() <= dims->size();
}

bool is_non_negative(const Graph& graph, ValueId id) {
  const Node* node = producer(graph, id);
  if (node == nullptr) return false;
  const std::string_view name = node->op.name();
  if (name == "max_pool" || name == "average_pool") return is_non_negative(graph, node->inputs[0]);
  const auto elementwise = as_elementwise(node->op);
  if (!elementwise) return false;
  switch (elementwise->fn) {
    case PointwiseFn::relu:
    case PointwiseFn::abs:
    case PointwiseFn::square:
    case PointwiseFn::sqrt:
    case PointwiseFn::exp:
    case PointwiseFn::sigmoid:
    case PointwiseFn::hard_sigmoid:
    case PointwiseFn::softplus: return true;
    case PointwiseFn::clip: return elementwise->alpha >= 0;
    default: return false;
  }
}

std::optional<Elementwise> as_elementwise(const Op& op) {
  if (const auto* unary = op.as<op::Unary>()) return Elementwise{unary->fn, unary->alpha, unary->beta};
  if (const auto* binary = op.as<op::Binary>()) return Elementwise{binary->fn, binary->alpha, binary->beta};
  return std::nullopt;
}

bool is_elementwise(const Op& op, PointwiseFn fn) {
  const auto elementwise = as_elementwise(op);
  return elementwise && elementwise->fn == fn;
}

std::optional<double> splat(const Graph& graph, ValueId id) {
  const Tensor* tensor = id.valid() ? graph.constant(id) : nullptr;
  if (tensor == nullptr || tensor->elements() == 0) return std::nullopt;
  switch (tensor->dtype()) {
    case DataType::f32: return splat_of<float>(*tensor);
    case DataType::f64: return splat_of<double>(*tensor);
    case DataType::f16: return splat_of<float16>(*tensor);
    case DataType::bf16: return splat_of<bfloat16>(*tensor);
    case DataType::i32: return splat_of<std::int32_t>(*tensor);
    case DataType::i64: return splat_of<std::int64_t>(*tensor);
    default: return std::nullopt;
  }
}

std::optional<std::vector<Data>> constant_operands(const Graph& graph, const Node& node) {
  std::vector<Data> operands;
  for (const ValueId input : node.inputs) {
    const Tensor* constant = input.valid() ? graph.constant(input) : nullptr;
    if (input.valid() && constant == nullptr) return std::nullopt;
    operands.push_back(constant != nullptr ? Data(*constant) : Data());
  }
  return operands;
}

Spread spread(const Graph& graph, ValueId constant, std::size_t rank, std::size_t axis) {
  const Tensor* tensor = graph.constant(constant);
  if (tensor == nullptr || tensor->shape().size() > rank) return Spread::other;
  if (tensor->elements() == 1) return Spread::scalar;
  const std::size_t offset = rank - tensor->shape().size();
  for (std::size_t i = 0; i < tensor->shape().size(); ++i) {
    if (tensor->shape()[i] != 1 && i + offset != axis) return Spread::other;
  }
  return Spread::along_axis;
}

std::string merged_location(const Node& first, const Node& second) {
  constexpr std::string_view kJoint = " + ";
  const auto parts_of = [&](std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(kJoint, at), text.size());
      parts.push_back(text.substr(at, end - at));
      at = end + kJoint.size();
    }
    return parts;
  };
  std::string merged = first.location;
  std::vector<std::string_view> known = parts_of(first.location);
  for (const std::string_view part : parts_of(second.location)) {
    if (std::find(known.begin(), known.end(), part) != known.end()) continue;
    if (!merged.empty()) merged += kJoint;
    merged += part;
  }
  return merged;
}

ValueId add_ints(NodeBuilder& builder, std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return builder.add_constant(Tensor::of<std::int64_t>({count}, values));
}

ValueId add_reshape(NodeBuilder& builder, ValueId value, Shape shape) {
  return builder.add(op::Reshape{}, {value, add_ints(builder, std::move(shape))});
}

ValueId add_scalar(NodeBuilder& builder, DataType dtype, float value) {
  Tensor tensor(dtype, {});
  switch (dtype) {
    case DataType::f16: tensor.mutable_values<float16>()[0] = float16(value); break;
    case DataType::bf16: tensor.mutable_values<bfloat16>()[0] = bfloat16(value); break;
    case DataType::f64: tensor.mutable_values<double>()[0] = value; break;
    default:
      TENON_CHECK(dtype == DataType::f32, "a scalar of {} is asked for", name(dtype));
      tensor.mutable_values<float>()[0] = value;
  }
  return builder.add_constant(std::move(tensor));
}

std::optional<std::vector<std::int64_t>> reshape_operand(const Dims& from, const Dims& to) {
  std::vector<std::int64_t> shape;
  bool open = false;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i].is_const() && to[i].value() != 0) {
      shape.push_back(to[i].value());
    } else if (i < from.size() && provably_equal(from[i], to[i])) {
      shape.push_back(0);
    } else if (!to[i].is_const() && !open) {
      shape.push_back(-1);
      open = true;
    } else {
      return std::nullopt;
    }
  }
  return shape;
}

}  // namespace tenon::rules
