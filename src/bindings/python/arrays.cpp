#include "bindings/python/arrays.hpp"

#include "bindings/python/memory.hpp"
#include "bindings/python/numpy.hpp"

#include <tenon/error.hpp>

#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace tenon::python {
namespace {

// --- strings ---

std::string to_text(nb::handle object) {
  if (PyBytes_Check(object.ptr()) != 0) {
    const nb::bytes bytes = nb::borrow<nb::bytes>(object);
    return {bytes.c_str(), bytes.size()};
  }
  if (PyUnicode_Check(object.ptr()) == 0) {
    throw ModelError("expected strings, found " + nb::cast<std::string>(object.type().attr("__name__")));
  }
  const nb::object encoded = nb::steal(PyUnicode_AsEncodedString(object.ptr(), "utf-8", "surrogateescape"));
  if (!encoded.is_valid()) throw nb::python_error();
  const nb::bytes bytes = nb::borrow<nb::bytes>(encoded);
  return {bytes.c_str(), bytes.size()};
}

nb::object from_text(const std::string& text) {
  nb::object decoded =
      nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape"));
  if (!decoded.is_valid()) throw nb::python_error();
  return decoded;
}

Shape shape_of(nb::handle array) {
  Shape shape;
  for (const nb::handle dim : array.attr("shape")) shape.push_back(nb::cast<std::int64_t>(dim));
  return shape;
}

Tensor strings_of(nb::handle array) {
  std::vector<std::string> values;
  for (const nb::handle value : array.attr("ravel")().attr("tolist")()) values.push_back(to_text(value));
  return Tensor::strings(shape_of(array), std::move(values));
}

nb::object strings_to_numpy(const Tensor& tensor) {
  nb::list values;
  for (const std::string& text : tensor.values<std::string>()) values.append(from_text(text));
  return numpy().array(values, numpy_dtype(DataType::string)).attr("reshape")(shape_tuple(tensor.shape()));
}

// --- elements of 2 and 4 bits ---

bool is_packed(DataType type) noexcept { return bit_width(type) == 2 || bit_width(type) == 4; }

Tensor packed(nb::handle array, DataType dtype) {
  Tensor tensor(dtype, shape_of(array));
  const nb::object bytes =
      numpy().array(array, nb::arg("order") = "C").attr("view")(numpy_dtype(DataType::u8));
  const Tensor from = to_tensor(bytes);
  const auto bits = static_cast<unsigned>(bit_width(dtype));
  const unsigned mask = (1U << bits) - 1U;
  std::byte* to = tensor.elements() == 0 ? nullptr : tensor.mutable_data();
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const auto at = static_cast<std::size_t>(i) * bits;
    to[at / 8] |= static_cast<std::byte>((std::to_integer<unsigned>(from.data()[i]) & mask) << (at % 8));
  }
  return tensor;
}

nb::object unpacked(const Tensor& tensor) {
  NewArray bytes = new_array(DataType::u8, tensor.shape());
  const auto bits = static_cast<unsigned>(bit_width(tensor.dtype()));
  const unsigned mask = (1U << bits) - 1U;
  const unsigned sign = is_integer(tensor.dtype()) && is_signed(tensor.dtype()) ? 1U << (bits - 1U) : 0U;
  std::byte* to = tensor.elements() == 0 ? nullptr : bytes.tensor.mutable_data();
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    const auto at = static_cast<std::size_t>(i) * bits;
    const unsigned value = (std::to_integer<unsigned>(tensor.data()[at / 8]) >> (at % 8)) & mask;
    to[i] = static_cast<std::byte>((value ^ sign) - sign);
  }
  return bytes.array.attr("view")(numpy_dtype(tensor.dtype()));
}

// --- DLPack's names for what NumPy's buffers are made from ---

nb::dlpack::dtype carrier(DataType type) {
  using Code = nb::dlpack::dtype_code;
  const auto make = [type](Code code) {
    return nb::dlpack::dtype{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(bit_width(type)), 1};
  };
  switch (type) {
    case DataType::f16:
    case DataType::f32:
    case DataType::f64: return make(Code::Float);
    case DataType::c64:
    case DataType::c128: return make(Code::Complex);
    case DataType::boolean: return make(Code::Bool);
    case DataType::i8:
    case DataType::i16:
    case DataType::i32:
    case DataType::i64: return make(Code::Int);
    default: return make(Code::UInt);
  }
}

bool is_extended(DataType type) noexcept {
  return type == DataType::bf16 || (is_floating_point(type) && bit_width(type) == 8);
}

// --- types of values as text ---

struct TypeText {
  enum class Kind : std::uint8_t { tensor, sequence, optional, map };
  Kind kind = Kind::tensor;
  std::string_view element;       // of a map, the values' type
  std::optional<DataType> dtype;  // of a tensor's elements, of a map's keys
};

TypeText read_type(std::string_view text) {
  const auto inside = [&](std::size_t prefix) { return text.substr(prefix, text.size() - prefix - 1); };
  if (text.substr(0, 4) == "seq<") return {TypeText::Kind::sequence, inside(4), {}};
  if (text.substr(0, 4) == "opt<") return {TypeText::Kind::optional, inside(4), {}};
  if (text.substr(0, 4) == "map<") {
    const std::string_view both = inside(4);
    const std::size_t comma = both.find(", ");
    return {TypeText::Kind::map, both.substr(comma + 2), parse_data_type(both.substr(0, comma))};
  }
  return {TypeText::Kind::tensor, {}, parse_data_type(text.substr(0, text.find('[')))};
}

std::string class_name(nb::handle object) { return nb::cast<std::string>(object.type().attr("__name__")); }

Data sequence_of(nb::handle object, std::string_view element) {
  SequenceData sequence;
  for (const nb::handle item : object) sequence.elements.push_back(to_data(item, element));
  return sequence;
}

Data map_of(nb::handle object, const TypeText& type) {
  if (!nb::isinstance<nb::dict>(object))
    throw ModelError("expected a dict for a map, found " + class_name(object));
  const auto entries = nb::borrow<nb::dict>(object);
  const TypeText value = read_type(type.element);
  return make_map(to_tensor(entries.keys(), type.dtype), value.kind == TypeText::Kind::tensor
                                                             ? Data(to_tensor(entries.values(), value.dtype))
                                                             : sequence_of(entries.values(), type.element));
}

}  // namespace

bool same_in_numpy(DataType type) noexcept { return type != DataType::string && !is_packed(type); }

nb::tuple shape_tuple(const Shape& shape) {
  nb::object tuple = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (PyTuple_SetItem(tuple.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromLongLong(shape[i])) != 0) {
      throw nb::python_error();
    }
  }
  return nb::borrow<nb::tuple>(tuple);
}

nb::object numpy_dtype(DataType type) {
  const nb::object& dtype = numpy().dtypes[static_cast<std::size_t>(type)];
  if (dtype.is_none()) {
    throw ModelError("NumPy has no " + std::string(name(type)) + ": install a newer ml_dtypes, which has it");
  }
  return dtype;
}

DataType to_data_type(nb::handle object) {
  if (nb::isinstance<DataType>(object)) return nb::cast<DataType>(object);
  if (nb::isinstance<nb::str>(object)) {
    if (const auto type = parse_data_type(nb::cast<std::string_view>(object))) return *type;
  }
  const nb::object dtype = numpy().dtype(object);
  if (const auto type = numpy().type_of(dtype)) return *type;
  throw ModelError("there is no element type for " + nb::cast<std::string>(nb::str(dtype)));
}

Tensor to_tensor(nb::handle object, std::optional<DataType> wanted) {
  if (nb::isinstance<Tensor>(object)) return nb::cast<Tensor>(object);
  if (const auto memory = memory_of(object)) {
    if (!memory->usable_in_place()) return memory->copied();
    return Tensor::view_const(memory->dtype, memory->shape, memory->data, memory->owner);
  }
  nb::object array;
  if (nb::isinstance(object, numpy().ndarray)) {
    array = nb::borrow(object);
  } else if (wanted && !nb::hasattr(object, "__array__") && !nb::hasattr(object, "__dlpack__")) {
    array = numpy().asarray(object, numpy_dtype(*wanted));
  } else {
    array = numpy().asarray(object);
  }
  const nb::object dtype = array.attr("dtype");
  if (const auto type = numpy().type_of(dtype)) {
    if (*type == DataType::string) return strings_of(array);
    if (is_packed(*type)) return packed(array, *type);
    if (const auto memory = memory_of(array)) {
      return memory->usable_in_place()
                 ? Tensor::view_const(memory->dtype, memory->shape, memory->data, memory->owner)
                 : memory->copied();
    }
  }
  // The other byte order.
  const nb::object native = dtype.attr("newbyteorder")("=");
  if (!native.equal(dtype) && numpy().type_of(native)) return to_tensor(array.attr("astype")(native));
  throw ModelError("there is no element type for arrays of " + nb::cast<std::string>(nb::str(dtype)));
}

Tensor to_output(nb::handle array) {
  if (nb::isinstance<Tensor>(array)) return nb::cast<Tensor>(array);
  const auto memory = memory_of(array);
  if (!memory)
    throw ModelError("no memory to write results to: expected an array, found " + class_name(array));
  if (!memory->writable) throw ModelError("no memory to write results to: the array is read-only");
  if (!memory->usable_in_place()) {
    throw ModelError("no memory to write results to: the array is not contiguous, or not aligned");
  }
  return Tensor::view(memory->dtype, memory->shape, memory->data, memory->owner);
}

Data to_data(nb::handle object, std::string_view text) {
  const TypeText type = read_type(text);
  switch (type.kind) {
    case TypeText::Kind::tensor: return to_tensor(object, type.dtype);
    case TypeText::Kind::sequence:
      if (!nb::isinstance<nb::list>(object) && !nb::isinstance<nb::tuple>(object)) {
        throw ModelError("expected a list for a sequence, found " + class_name(object));
      }
      return sequence_of(object, type.element);
    case TypeText::Kind::optional: return object.is_none() ? Data() : to_data(object, type.element);
    case TypeText::Kind::map: return map_of(object, type);
  }
  return {};
}

NewArray new_array(DataType dtype, const Shape& shape) {
  NewArray made;
  made.array = numpy().empty(shape_tuple(shape), numpy_dtype(dtype));
  made.tensor = to_output(made.array);
  return made;
}

nb::object copy_to_numpy(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string) return strings_to_numpy(tensor);
  if (is_packed(tensor.dtype())) return unpacked(tensor);
  NewArray made = new_array(tensor.dtype(), tensor.shape());
  if (tensor.size_bytes() != 0) std::memcpy(made.tensor.mutable_data(), tensor.data(), tensor.size_bytes());
  return made.array;
}

nb::object share_with_numpy(const Tensor& tensor) {
  if (!same_in_numpy(tensor.dtype()) || tensor.elements() == 0) return copy_to_numpy(tensor);
  const nb::capsule owner(new Tensor(tensor), [](void* held) noexcept { delete static_cast<Tensor*>(held); });
  std::vector<std::size_t> shape(tensor.shape().begin(), tensor.shape().end());
  auto* data = const_cast<std::byte*>(tensor.data());
  nb::object array = nb::cast(
      nb::ndarray<nb::numpy>(data, shape.size(), shape.data(), owner, nullptr, carrier(tensor.dtype())));
  if (is_extended(tensor.dtype())) array = array.attr("view")(numpy_dtype(tensor.dtype()));
  if (!tensor.writable()) array.attr("flags").attr("writeable") = false;
  return array;
}

nb::object to_python(const Data& data) {
  if (!data.present()) return nb::none();
  if (data.is_tensor()) return copy_to_numpy(data.tensor());
  if (std::holds_alternative<std::shared_ptr<const SequenceData>>(data.value)) {
    nb::list list;
    for (const Data& element : data.sequence().elements) list.append(to_python(element));
    return list;
  }
  const nb::object keys = copy_to_numpy(data.map().keys).attr("tolist")();
  const nb::object values = to_python(*data.map().values);
  nb::dict map;
  std::size_t i = 0;
  for (const nb::handle key : keys) map[key] = values[i++];
  return map;
}

}  // namespace tenon::python
