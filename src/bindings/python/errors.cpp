// tenon.Error and its three kinds: what the library throws, with the same text.
#include "bindings/python/bindings.hpp"

#include <tenon/error.hpp>

#include <nanobind/stl/string.h>

#include <cstring>

namespace tenon::python {
namespace {

// Indexed by ErrorKind.
PyObject* error_types[3];

PyObject* new_type(nb::module_& module, const char* name, const char* doc, PyObject* base) {
  const std::string qualified = nb::cast<std::string>(module.attr("__name__")) + "." + name;
  nb::object type = nb::steal(PyErr_NewExceptionWithDoc(qualified.c_str(), doc, base, nullptr));
  if (!type.is_valid()) throw nb::python_error();
  module.attr(name) = type;
  return type.release().ptr();  // lives as long as the process
}

// Names in messages come from model files, so they may be any bytes.
nb::object text_of(const char* text) {
  nb::object decoded =
      nb::steal(PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace"));
  if (!decoded.is_valid()) throw nb::python_error();
  return decoded;
}

void translate(const std::exception_ptr& exception, void*) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    PyErr_SetObject(error_types[static_cast<std::size_t>(error.kind())], text_of(error.what()).ptr());
  }
}

}  // namespace

void bind_errors(nb::module_& module) {
  PyObject* error =
      new_type(module, "Error", "What Tenon raises: says what was expected, what was found and where.",
               PyExc_Exception);
  error_types[static_cast<std::size_t>(ErrorKind::model)] =
      new_type(module, "ModelError", "The model, a file or the caller's arguments are wrong.", error);
  error_types[static_cast<std::size_t>(ErrorKind::device)] =
      new_type(module, "DeviceError", "A device, the operating system or memory failed.", error);
  error_types[static_cast<std::size_t>(ErrorKind::internal)] =
      new_type(module, "InternalError", "A bug in Tenon.", error);
  nb::register_exception_translator(translate);
}

}  // namespace tenon::python
