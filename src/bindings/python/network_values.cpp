#include "bindings/python/network_values.hpp"

#include "bindings/python/arrays.hpp"

#include <tenon/error.hpp>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

bool is_integer_object(nb::handle object) {
  return PyIndex_Check(object.ptr()) != 0 && !nb::isinstance<nb::bool_>(object);
}

bool is_list(nb::handle object) {
  return nb::isinstance<nb::list>(object) || nb::isinstance<nb::tuple>(object);
}

template <class Test>
bool all(nb::handle list, Test test) {
  for (const nb::handle item : list) {
    if (!test(item)) return false;
  }
  return true;
}

template <class T>
std::vector<T> values_of(nb::handle list) {
  std::vector<T> values;
  for (const nb::handle item : list) values.push_back(nb::cast<T>(item));
  return values;
}

std::int64_t to_integer(nb::handle object) {
  const nb::object index = nb::steal(PyNumber_Index(object.ptr()));
  if (!index.is_valid()) throw nb::python_error();
  return nb::cast<std::int64_t>(index);
}

}  // namespace

FieldValue to_field(nb::handle object) {
  if (nb::isinstance<nb::bool_>(object)) return nb::cast<bool>(object);
  if (nb::isinstance<nb::str>(object)) return nb::cast<std::string>(object);
  if (nb::isinstance<DataType>(object)) return nb::cast<DataType>(object);
  if (nb::isinstance<nb::float_>(object)) return nb::cast<float>(object);
  if (is_list(object)) {
    if (all(object, is_integer_object)) {
      std::vector<std::int64_t> values;
      for (const nb::handle item : object) values.push_back(to_integer(item));
      return values;
    }
    if (all(object, [](nb::handle item) { return nb::isinstance<nb::str>(item); })) {
      return values_of<std::string>(object);
    }
    return values_of<float>(object);
  }
  if (nb::hasattr(object, "shape") || nb::isinstance<Tensor>(object)) return to_tensor(object);
  if (is_integer_object(object)) return to_integer(object);
  throw ModelError("no field can be " + nb::cast<std::string>(nb::repr(object)));
}

NetworkValue to_operand(NetworkBuilder& builder, nb::handle object) {
  if (object.is_none()) return {};
  if (nb::isinstance<NetworkValue>(object)) return nb::cast<NetworkValue>(object);
  const std::optional<DataType> wanted =
      nb::isinstance<nb::float_>(object) ? std::optional(DataType::f32) : std::nullopt;
  // Memory of the caller's, which may change it.
  return builder.constant(to_tensor(object, wanted).clone());
}

NetworkValues to_operands(NetworkBuilder& builder, nb::handle sequence) {
  NetworkValues operands;
  for (const nb::handle item : sequence) operands.push_back(to_operand(builder, item));
  return operands;
}

SymbolicDims to_dims(nb::handle sequence) {
  SymbolicDims dims;
  for (const nb::handle dim : sequence) {
    if (nb::isinstance<nb::str>(dim)) {
      dims.emplace_back(nb::cast<std::string>(dim));
    } else {
      dims.emplace_back(to_integer(dim));
    }
  }
  return dims;
}

Fields to_fields(const nb::kwargs& fields) {
  Fields out;
  for (const auto& [name, value] : fields) out.push_back({nb::cast<std::string>(name), to_field(value)});
  return out;
}

}  // namespace tenon::python
