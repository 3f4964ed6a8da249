#include "importers/loop_types.hpp"

#include <utility>

namespace tenon {

Type generalize(const Type& a, const Type& b) {
  if (a == b || a.kind() != b.kind()) return a;
  if (!a.is_tensor()) {
    if (a.kind() == Type::Kind::map) return a;
    Type element = generalize(a.element(), b.element());
    return a.kind() == Type::Kind::sequence ? Type::sequence(std::move(element))
                                            : Type::optional(std::move(element));
  }
  const TensorType& x = a.as_tensor();
  const TensorType& y = b.as_tensor();
  if (!x.dims || !y.dims || x.dims->size() != y.dims->size()) return Type::tensor(x.dtype);
  Dims dims;
  for (std::size_t i = 0; i < x.dims->size(); ++i) {
    dims.push_back(provably_equal((*x.dims)[i], (*y.dims)[i]) ? (*x.dims)[i] : Dim::unknown());
  }
  return Type::tensor(x.dtype, std::move(dims));
}

Type without_dims(const Type& type) {
  if (type.is_tensor()) return Type::tensor(type.as_tensor().dtype);
  if (type.kind() == Type::Kind::sequence) return Type::sequence(without_dims(type.element()));
  return type;
}

}  // namespace tenon
