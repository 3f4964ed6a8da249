#include "ir/data.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

// The least general type of which both are instances: dims that differ become unknown.
Type join_types(const Type& a, const Type& b) {
  TENON_REQUIRE(a.kind() == b.kind(), "the elements of a sequence have different types");
  switch (a.kind()) {
    case Type::Kind::tensor: break;
    case Type::Kind::sequence: return Type::sequence(join_types(a.element(), b.element()));
    case Type::Kind::optional: return Type::optional(join_types(a.element(), b.element()));
    case Type::Kind::map:
      TENON_REQUIRE(a.key() == b.key(), "the elements of a sequence have different types");
      return Type::map(a.key(), join_types(a.element(), b.element()));
  }
  const TensorType& x = a.as_tensor();
  const TensorType& y = b.as_tensor();
  TENON_REQUIRE(x.dtype == y.dtype, "the elements of a sequence are of {} and {}", name(x.dtype),
                name(y.dtype));
  if (!x.dims || !y.dims || x.dims->size() != y.dims->size()) return Type::tensor(x.dtype);
  Dims dims;
  for (std::size_t i = 0; i < x.dims->size(); ++i) {
    dims.push_back((*x.dims)[i] == (*y.dims)[i] ? (*x.dims)[i] : Dim::unknown());
  }
  return Type::tensor(x.dtype, std::move(dims));
}

bool tensor_may_hold(const TensorType& type, const Data& data) {
  if (!data.is_tensor() || data.tensor().dtype() != type.dtype) return false;
  if (!type.dims) return true;
  const Shape& shape = data.tensor().shape();
  if (shape.size() != type.dims->size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const Dim& dim = (*type.dims)[i];
    if (dim.is_const() && dim.value() != shape[i]) return false;
  }
  return true;
}

// Values of a map: the rows of a tensor, or the elements of a sequence.
bool values_may_be(const Type& value_type, const Data& values) {
  if (!values.is_tensor()) return may_hold(Type::sequence(value_type), values);
  if (!value_type.is_tensor() || values.tensor().rank() == 0) return false;
  TensorType rows = value_type.as_tensor();
  if (rows.dims) rows.dims->insert(rows.dims->begin(), Dim::unknown());
  return tensor_may_hold(rows, values);
}

}  // namespace

const Tensor& Data::tensor() const {
  const auto* held = std::get_if<Tensor>(&value);
  TENON_REQUIRE(held != nullptr, "expected a tensor, found {}",
                present() ? "a sequence or a map" : "nothing");
  return *held;
}

Tensor& Data::tensor() { return const_cast<Tensor&>(std::as_const(*this).tensor()); }

const SequenceData& Data::sequence() const {
  const auto* held = std::get_if<std::shared_ptr<const SequenceData>>(&value);
  TENON_REQUIRE(held != nullptr, "expected a sequence, found {}",
                present() ? "a tensor or a map" : "nothing");
  return **held;
}

const MapData& Data::map() const {
  const auto* held = std::get_if<std::shared_ptr<const MapData>>(&value);
  TENON_REQUIRE(held != nullptr, "expected a map, found {}",
                present() ? "a tensor or a sequence" : "nothing");
  return **held;
}

Type type_of(const Data& data) {
  if (data.is_tensor()) {
    const Tensor& tensor = data.tensor();
    return Type::tensor(tensor.dtype(), Dims(tensor.shape().begin(), tensor.shape().end()));
  }
  if (const auto* sequence = std::get_if<std::shared_ptr<const SequenceData>>(&data.value)) {
    Type element;
    bool first = true;
    for (const Data& item : (*sequence)->elements) {
      Type type = type_of(item);
      element = first ? std::move(type) : join_types(element, type);
      first = false;
    }
    return Type::sequence(std::move(element));
  }
  if (const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data.value)) {
    // Of a tensor, one value is a slice along the first axis.
    const Data& values = *(*map)->values;
    Type value = type_of(values);
    if (value.kind() == Type::Kind::sequence) {
      value = Type(value.element());
    } else if (value.is_tensor() && value.as_tensor().dims && !value.as_tensor().dims->empty()) {
      value.as_tensor().dims->erase(value.as_tensor().dims->begin());
    }
    return Type::map((*map)->keys.dtype(), std::move(value));
  }
  return Type::optional(Type());
}

Data make_map(Tensor keys, Data values) {
  TENON_REQUIRE(keys.rank() == 1, "the keys of a map are a list, found rank {}", keys.rank());
  const bool is_tensor = values.is_tensor();
  TENON_REQUIRE(!is_tensor || values.tensor().rank() >= 1, "the values of a map are a scalar");
  const std::int64_t count = is_tensor ? values.tensor().shape().front()
                                       : static_cast<std::int64_t>(values.sequence().elements.size());
  TENON_REQUIRE(count == keys.elements(), "a map of {} keys and {} values", keys.elements(), count);
  return MapData{std::move(keys), std::make_shared<const Data>(std::move(values))};
}

bool may_hold(const Type& type, const Data& data) {
  switch (type.kind()) {
    case Type::Kind::tensor: return tensor_may_hold(type.as_tensor(), data);
    case Type::Kind::optional: return !data.present() || may_hold(type.element(), data);
    case Type::Kind::sequence: {
      const auto* sequence = std::get_if<std::shared_ptr<const SequenceData>>(&data.value);
      if (sequence == nullptr) return false;
      const auto& elements = (*sequence)->elements;
      return std::all_of(elements.begin(), elements.end(),
                         [&](const Data& element) { return may_hold(type.element(), element); });
    }
    case Type::Kind::map: break;
  }
  const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data.value);
  return map != nullptr && (*map)->keys.dtype() == type.key() && (*map)->keys.rank() == 1 &&
         (*map)->values != nullptr && values_may_be(type.element(), *(*map)->values);
}

}  // namespace tenon
