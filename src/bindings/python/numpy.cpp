#include "bindings/python/numpy.hpp"

#include <tenon/error.hpp>

#include <nanobind/stl/string_view.h>

#include <string>

namespace tenon::python {
namespace {

// In the order of DataType; names that NumPy does not have are those of ml_dtypes.
constexpr const char* kNames[kDataTypeCount] = {
    "float32",     "float64",         "float16",        "bfloat16",      "float8_e4m3fn", "float8_e4m3fnuz",
    "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn", "int2",          "int4",
    "int8",        "int16",           "int32",          "int64",         "uint2",         "uint4",
    "uint8",       "uint16",          "uint32",         "uint64",        "bool_",         "object_",
    "complex64",   "complex128"};

Numpy* load() {
  const nb::module_ module = nb::module_::import_("numpy");
  nb::object extension = nb::none();
  try {
    extension = nb::module_::import_("ml_dtypes");
  } catch (const nb::python_error& error) {
    if (!error.matches(PyExc_ImportError)) throw;
  }
  auto* out = new Numpy{module.attr("array"),
                        module.attr("asarray"),
                        module.attr("empty"),
                        module.attr("dtype"),
                        module.attr("ndarray"),
                        {},
                        nb::dict()};
  for (int i = 0; i < kDataTypeCount; ++i) {
    const char* name = kNames[i];
    const nb::object& from = nb::hasattr(module, name) ? static_cast<const nb::object&>(module) : extension;
    nb::object& dtype = out->dtypes[static_cast<std::size_t>(i)];
    dtype = nb::none();
    if (!nb::hasattr(from, name)) continue;
    dtype = out->dtype(from.attr(name));
    out->types[dtype] = i;
  }
  return out;
}

}  // namespace

const Numpy& numpy() {
  static const Numpy* loaded = nullptr;  // no lock but the interpreter's
  if (loaded == nullptr) loaded = load();
  return *loaded;
}

std::optional<DataType> Numpy::type_of(nb::handle numpy_dtype) const {
  PyObject* found = PyDict_GetItemWithError(types.ptr(), numpy_dtype.ptr());
  if (found == nullptr) {
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    const auto kind = nb::cast<std::string_view>(numpy_dtype.attr("kind"));
    return kind == "U" || kind == "S" || kind == "T" ? std::optional(DataType::string) : std::nullopt;
  }
  return static_cast<DataType>(PyLong_AsLong(found));
}

}  // namespace tenon::python
