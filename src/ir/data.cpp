#include "ir/data.hpp"

#include "base/check.hpp"

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

}  // namespace tenon
