// tenon.Tensor: for element types that NumPy lacks, and for passing arrays on without a look into them.
#include "bindings/python/arrays.hpp"
#include "bindings/python/bindings.hpp"

#include <tenon/error.hpp>
#include <tenon/io.hpp>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace tenon::python {
namespace {

using namespace nb::literals;

std::string repr(const Tensor& tensor) {
  std::string text = "<tenon.Tensor " + std::string(name(tensor.dtype())) + "[";
  for (std::size_t i = 0; i < tensor.shape().size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(tensor.shape()[i]);
  }
  return text + "]>";
}

// NumPy's protocol; `copy` false asks for shared memory or an error.
nb::object array_protocol(const Tensor& self, nb::object dtype, nb::object copy) {
  const bool must_copy = copy.ptr() == Py_True;
  nb::object array = must_copy ? copy_to_numpy(self) : share_with_numpy(self);
  return dtype.is_none() ? array : array.attr("astype")(dtype, nb::arg("copy") = false);
}

nb::bytes bytes_of(const Tensor& tensor) {
  if (tensor.dtype() == DataType::string) throw ModelError("strings have no bytes that could be given out");
  return nb::bytes(tensor.data(), tensor.size_bytes());
}

}  // namespace

void bind_tensor(nb::module_& module) {
  nb::class_<Tensor>(
      module, "Tensor",
      "Elements of one type, densely packed, in memory that may be shared with an array. Wherever a "
      "function takes an array, it takes a Tensor too.")
      .def(
          "__init__",
          [](Tensor* self, nb::handle array, nb::object dtype) {
            new (self) Tensor(dtype.is_none() ? to_tensor(array) : to_tensor(array, to_data_type(dtype)));
          },
          "array"_a, "dtype"_a = nb::none(),
          nb::sig("def __init__(self, array: typing.Any, dtype: typing.Any | None = None) -> None"),
          "Shares the array's memory where it is contiguous and aligned. dtype: of what has none of its own, "
          "such as "
          "numbers and lists; arrays keep theirs.")
      .def_prop_ro("dtype", &Tensor::dtype)
      .def_prop_ro(
          "shape", [](const Tensor& self) { return shape_tuple(self.shape()); },
          nb::sig("def shape(self) -> tuple[int, ...]"))
      .def_prop_ro("writable", &Tensor::writable)
      .def("numpy", &share_with_numpy, nb::sig("def numpy(self) -> numpy.typing.NDArray[typing.Any]"),
           "An array that shares the memory; a copy for strings and for types of less than 8 bits, of which "
           "NumPy "
           "holds one a byte.")
      .def("__array__", &array_protocol, "dtype"_a = nb::none(), "copy"_a = nb::none(),
           nb::sig("def __array__(self, dtype: typing.Any | None = None, copy: bool | None = None) -> "
                   "typing.Any"))
      .def(
          "__dlpack__",
          [](const Tensor& self, const nb::kwargs& options) {
            return share_with_numpy(self).attr("__dlpack__")(**options);
          },
          nb::sig("def __dlpack__(self, **options: typing.Any) -> typing.Any"))
      .def(
          "__dlpack_device__", [](const Tensor&) { return nb::make_tuple(1, 0); },
          nb::sig("def __dlpack_device__(self) -> tuple[int, int]"))
      .def("tobytes", &bytes_of, "A copy of the packed elements.")
      .def("__repr__", &repr);

  module.def(
      "random_tensor",
      [](nb::handle dtype, const Shape& shape, std::uint64_t seed) {
        return random_tensor(to_data_type(dtype), shape, seed);
      },
      "dtype"_a, "shape"_a, "seed"_a,
      nb::sig(
          "def random_tensor(dtype: typing.Any, shape: collections.abc.Sequence[int], seed: int) -> Tensor"),
      "The same content for the same seed everywhere: floats uniform in [-1, 1), integers and bools 0 or 1, "
      "strings "
      "empty.");
}

}  // namespace tenon::python
