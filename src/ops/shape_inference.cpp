#include "ops/shape_inference.hpp"

#include "base/half.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::op {

Ints ordered_axes(const InferContext& context, const Ints& axes, std::int64_t rank) {
  Ints result;
  for (const std::int64_t axis : axes) {
    const std::int64_t normal = normalize_axis(context, axis, static_cast<std::size_t>(rank));
    if (std::find(result.begin(), result.end(), normal) != result.end()) {
      context.fail(fmt::format("axis {} is named twice in axes [{}]", axis, fmt::join(axes, ", ")));
    }
    result.push_back(normal);
  }
  return result;
}

const TensorType& plain_tensor(const InferContext& context, std::size_t i) {
  const TensorType& type = context.tensor(i);
  if (!type.layout.is_plain()) {
    context.fail(
        fmt::format("operand {} has layout {}, expected plain row-major", i, type.layout.to_string()));
  }
  return type;
}

void require_max_rank(const InferContext& context, std::size_t i, std::int64_t rank) {
  const TensorType& type = plain_tensor(context, i);
  if (type.dims && static_cast<std::int64_t>(type.dims->size()) > rank) {
    context.fail(fmt::format("operand {} has rank {}, expected at most {}", i, type.dims->size(), rank));
  }
}

void require_index_dtype(const InferContext& context, std::size_t i) {
  context.require_dtype(i, {DataType::i32, DataType::i64});
}

std::optional<Dims> known_value(const InferContext& context, std::size_t i) {
  if (const Dims* value = context.symbolic_value(i)) return *value;
  const Tensor* constant = context.constant(i);
  if (constant == nullptr || constant->rank() > 1) return {};
  if (constant->elements() > kMaxTrackedElements) return {};
  const auto ints = context.constant_ints(i);
  if (!ints) return {};
  return Dims(ints->begin(), ints->end());
}

std::optional<Dim> known_scalar(const InferContext& context, std::size_t i) {
  const auto value = known_value(context, i);
  if (!value || value->size() != 1) return {};
  return value->front();
}

std::optional<double> constant_real(const InferContext& context, std::size_t i) {
  const Tensor* constant = context.constant(i);
  if (constant == nullptr || constant->elements() != 1) return {};
  switch (constant->dtype()) {
    case DataType::f32: return constant->values<float>()[0];
    case DataType::f64: return constant->values<double>()[0];
    case DataType::f16: return static_cast<float>(constant->values<float16>()[0]);
    case DataType::bf16: return static_cast<float>(constant->values<bfloat16>()[0]);
    case DataType::i8: return constant->values<std::int8_t>()[0];
    case DataType::i16: return constant->values<std::int16_t>()[0];
    case DataType::i32: return constant->values<std::int32_t>()[0];
    case DataType::i64: return static_cast<double>(constant->values<std::int64_t>()[0]);
    case DataType::u8: return constant->values<std::uint8_t>()[0];
    case DataType::u16: return constant->values<std::uint16_t>()[0];
    case DataType::u32: return constant->values<std::uint32_t>()[0];
    case DataType::u64: return static_cast<double>(constant->values<std::uint64_t>()[0]);
    default: return {};
  }
}

std::optional<Ints> IntArgument::constants() const {
  if (!values) return {};
  Ints result;
  for (const Dim& value : *values) {
    if (!value.is_const()) return {};
    result.push_back(value.value());
  }
  return result;
}

IntArgument int_argument(const InferContext& context, std::string_view name,
                         const std::optional<Ints>& from_field, std::size_t operand) {
  IntArgument argument;
  if (!context.has(operand)) {
    if (from_field) {
      argument.given = true;
      argument.values.emplace(from_field->begin(), from_field->end());
      argument.count = static_cast<std::int64_t>(from_field->size());
    }
    return argument;
  }
  if (from_field) context.fail(fmt::format("{} is given both as a field and as operand {}", name, operand));
  require_index_dtype(context, operand);
  require_max_rank(context, operand, 1);
  argument.given = true;
  argument.values = known_value(context, operand);
  if (argument.values) {
    argument.count = static_cast<std::int64_t>(argument.values->size());
  } else if (context.has_rank(operand)) {
    const Dim count = product(context.dims(operand));
    if (count.is_const()) argument.count = count.value();
  }
  return argument;
}

IntArgument int_argument(const InferContext& context, std::string_view name,
                         const std::optional<std::int64_t>& from_field, std::size_t operand) {
  std::optional<Ints> list;
  if (from_field) list = Ints{*from_field};
  IntArgument argument = int_argument(context, name, list, operand);
  if (argument.given && argument.count.value_or(1) != 1) {
    context.fail(fmt::format("{} has {} elements, expected one", name, *argument.count));
  }
  return argument;
}

std::optional<Dims> dims_from_shape_operand(const InferContext& context, std::size_t i) {
  const IntArgument shape = int_argument(context, "shape", std::optional<Ints>{}, i);
  if (shape.values) {
    for (const Dim& dim : *shape.values) {
      if (dim.is_const() && dim.value() < 0)
        context.fail(fmt::format("the shape has the negative dim {}", dim.value()));
    }
    return shape.values;
  }
  if (shape.count) return unknown_dims(static_cast<std::size_t>(*shape.count));
  return {};
}

TensorType moved(const TensorType& source, std::optional<Dims> dims) {
  TensorType type;
  type.dtype = source.dtype;
  type.dims = std::move(dims);
  if (source.quant.scheme == Quantization::Scheme::per_tensor) type.quant = source.quant;
  return type;
}

Dims unknown_dims(std::size_t rank) { return Dims(rank, Dim::unknown()); }

Type join(const InferContext& context, const Type& a, const Type& b, std::string_view what) {
  if (a == b) return a;
  if (a.kind() != b.kind()) {
    if (a.kind() == Type::Kind::optional) return Type::optional(join(context, a.element(), b, what));
    if (b.kind() == Type::Kind::optional) return Type::optional(join(context, a, b.element(), what));
    context.fail(
        fmt::format("{}: types {} and {} are of different kinds", what, a.to_string(), b.to_string()));
  }
  if (a.kind() == Type::Kind::sequence) return Type::sequence(join(context, a.element(), b.element(), what));
  if (a.kind() == Type::Kind::optional) return Type::optional(join(context, a.element(), b.element(), what));
  if (a.kind() == Type::Kind::map) {
    if (a.key() != b.key()) {
      context.fail(fmt::format("{}: map keys {} and {} differ", what, name(a.key()), name(b.key())));
    }
    return Type::map(a.key(), join(context, a.element(), b.element(), what));
  }
  const TensorType& x = a.as_tensor();
  const TensorType& y = b.as_tensor();
  if (x.dtype != y.dtype) {
    context.fail(fmt::format("{}: element types {} and {} differ", what, name(x.dtype), name(y.dtype)));
  }
  if (!x.layout.is_plain() || !y.layout.is_plain()) {
    context.fail(fmt::format("{}: expected plain row-major layouts", what));
  }
  if (!x.dims || !y.dims || x.dims->size() != y.dims->size()) return tensor_type(x.dtype, {});
  Dims dims;
  for (std::size_t i = 0; i < x.dims->size(); ++i) {
    dims.push_back(provably_equal((*x.dims)[i], (*y.dims)[i]) ? (*x.dims)[i] : Dim::unknown());
  }
  return tensor_type(x.dtype, std::move(dims));
}

bool never_negative(const Dim& dim) { return !dim.is_unknown() && dim.interval({}).min >= 0; }

}  // namespace tenon::op
