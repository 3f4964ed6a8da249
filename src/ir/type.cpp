#include "ir/type.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

#include <tenon/error.hpp>
#include <tenon/tensor.hpp>

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

std::string_view kind_word(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::tensor: return "tensor";
    case Type::Kind::sequence: return "sequence";
    case Type::Kind::optional: return "optional";
    case Type::Kind::map: return "map";
  }
  return "value";
}

void hash_tensor_type(Hasher& hasher, const TensorType& type) {
  hasher.add(type.dtype).add(type.dims.has_value());
  if (type.dims) {
    hasher.add(type.dims->size());
    for (const Dim& dim : *type.dims) hasher.add(dim.hash());
  }
  hasher.add(type.layout.order).add(type.layout.blocks.size());
  for (const Layout::Block& block : type.layout.blocks) hasher.add(block.axis).add(block.size);
  hasher.add(type.layout.stored.has_value()).add(type.layout.stored.value_or(type.dtype));
  const Quantization& quant = type.quant;
  hasher.add(quant.scheme)
      .add(quant.axis)
      .add(quant.block)
      .add(quant.scale.value)
      .add(quant.zero_point.value);
}

}  // namespace

Layout Layout::channel_blocked(int block) { return Layout{{}, {{1, block}}}; }

Layout Layout::channels_last(int rank) {
  TENON_CHECK(rank >= 2, "channels last needs a rank of at least 2, found {}", rank);
  Layout layout;
  layout.order.push_back(0);
  for (int axis = 2; axis < rank; ++axis) layout.order.push_back(axis);
  layout.order.push_back(1);
  return layout;
}

Layout Layout::stored_as(std::optional<DataType> type) const {
  TENON_CHECK(!type || *type == DataType::bf16 || *type == DataType::f16, "values stored as {}", name(*type));
  Layout layout = *this;
  layout.stored = type;
  return layout;
}

Dims Layout::physical_dims(const Dims& logical) const {
  Dims outer = logical;
  for (const Block& block : blocks) {
    TENON_REQUIRE(block.axis >= 0 && static_cast<std::size_t>(block.axis) < logical.size() && block.size > 0,
                  "the layout blocks axis {} by {}, but the tensor has rank {}", block.axis, block.size,
                  logical.size());
    Dim& dim = outer[static_cast<std::size_t>(block.axis)];
    dim = ceil_div(dim, Dim(block.size));
  }
  Dims physical;
  physical.reserve(outer.size() + blocks.size());
  if (order.empty()) {
    physical = std::move(outer);
  } else {
    TENON_REQUIRE(order.size() == logical.size(), "the layout orders {} axes, but the tensor has rank {}",
                  order.size(), logical.size());
    std::vector<bool> seen(order.size(), false);
    for (const int axis : order) {
      const auto a = static_cast<std::size_t>(axis);
      TENON_REQUIRE(axis >= 0 && a < order.size() && !seen[a],
                    "the layout's order is not a permutation of its axes");
      seen[a] = true;
      physical.push_back(outer[a]);
    }
  }
  for (const Block& block : blocks) physical.emplace_back(block.size);
  return physical;
}

bool TensorType::is_static() const noexcept {
  return dims.has_value() &&
         std::all_of(dims->begin(), dims->end(), [](const Dim& dim) { return dim.is_const(); });
}

Type::Type() = default;

Type::Type(TensorType tensor) : tensor_(std::move(tensor)) {}

Type Type::tensor(DataType dtype, Dims dims) { return TensorType{dtype, std::move(dims), {}, {}}; }

Type Type::tensor(DataType dtype) { return TensorType{dtype, std::nullopt, {}, {}}; }

Type Type::sequence(Type element) {
  Type type;
  type.kind_ = Kind::sequence;
  type.element_ = std::make_shared<const Type>(std::move(element));
  return type;
}

Type Type::optional(Type element) {
  Type type = sequence(std::move(element));
  type.kind_ = Kind::optional;
  return type;
}

Type Type::map(DataType key, Type value) {
  TENON_REQUIRE(is_integer(key) || key == DataType::string,
                "the keys of a map are integers or strings, not {}", name(key));
  Type type = sequence(std::move(value));
  type.kind_ = Kind::map;
  type.key_ = key;
  return type;
}

const TensorType& Type::as_tensor() const {
  TENON_REQUIRE(is_tensor(), "expected a tensor, found a {}", kind_word(kind_));
  return tensor_;
}

TensorType& Type::as_tensor() {
  TENON_REQUIRE(is_tensor(), "expected a tensor, found a {}", kind_word(kind_));
  return tensor_;
}

const Type& Type::element() const {
  TENON_REQUIRE(element_ != nullptr, "expected a sequence, an optional or a map, found a {}",
                kind_word(kind_));
  return *element_;
}

DataType Type::key() const {
  TENON_REQUIRE(kind_ == Kind::map, "expected a map, found a {}", kind_word(kind_));
  return key_;
}

bool operator==(const Type& a, const Type& b) noexcept {
  if (a.kind_ != b.kind_) return false;
  if (a.kind_ == Type::Kind::tensor) return a.tensor_ == b.tensor_;
  if (a.kind_ == Type::Kind::map && a.key_ != b.key_) return false;
  return a.element_ == b.element_ || *a.element_ == *b.element_;
}

std::uint64_t Type::hash() const noexcept {
  Hasher hasher;
  hasher.add(kind_);
  if (kind_ == Kind::tensor) {
    hash_tensor_type(hasher, tensor_);
  } else {
    if (kind_ == Kind::map) hasher.add(key_);
    hasher.add(element_->hash());
  }
  return hasher.value();
}

Type rename_values(const Type& type, const std::function<ValueId(ValueId)>& rename) {
  switch (type.kind()) {
    case Type::Kind::sequence: return Type::sequence(rename_values(type.element(), rename));
    case Type::Kind::optional: return Type::optional(rename_values(type.element(), rename));
    case Type::Kind::map: return Type::map(type.key(), rename_values(type.element(), rename));
    case Type::Kind::tensor: break;
  }
  Type result = type;
  Quantization& quant = result.as_tensor().quant;
  if (quant.scale.valid()) quant.scale = rename(quant.scale);
  if (quant.zero_point.valid()) quant.zero_point = rename(quant.zero_point);
  return result;
}

TensorType stored_type(TensorType type) {
  type.dtype = type.layout.stored.value_or(type.dtype);
  type.layout.stored.reset();
  return type;
}

std::int64_t storage_bytes(const TensorType& type, const std::vector<std::int64_t>& dims) {
  Dims logical(dims.begin(), dims.end());
  Shape shape;
  for (const Dim& dim : type.layout.physical_dims(logical)) shape.push_back(dim.value());
  const DataType dtype = type.layout.stored.value_or(type.dtype);
  return static_cast<std::int64_t>(storage_bytes(dtype, static_cast<std::size_t>(element_count(shape))));
}

}  // namespace tenon
