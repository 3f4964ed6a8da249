// Between Python's values and the library's: NumPy arrays, DLPack tensors, sequences, maps.
//
// All functions want the interpreter's lock. Memory of arrays is shared where it is contiguous, aligned for
// its element type and in native byte order, and copied otherwise. Packed types (2 and 4 bits) are always
// copied: NumPy has a byte for each of their elements.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/data.hpp>

#include <optional>
#include <string_view>

namespace tenon::python {

nb::tuple shape_tuple(const Shape& shape);

// numpy.dtype of a DataType. ModelError where it takes the package ml_dtypes and that is not installed.
nb::object numpy_dtype(DataType type);

// Takes a DataType, its name, or whatever numpy.dtype() takes. ModelError for types that there are not here.
DataType to_data_type(nb::handle object);

// Any array, or what numpy.asarray() makes of `object`; numbers and lists, which have no element type of
// their own, become `wanted`. Arrays keep theirs.
Tensor to_tensor(nb::handle object, std::optional<DataType> wanted = {});

// The memory of an array that results are written to; ModelError unless it is contiguous, aligned and
// writable. Not for strings and packed types.
Tensor to_output(nb::handle array);

// A value of the type that textual IR calls `type`: arrays; lists or tuples for sequences; None or the value
// itself for optionals; dicts for maps.
Data to_data(nb::handle object, std::string_view type);

// A new array in memory of its own, and the same memory as a Tensor. Not for strings and packed types.
struct NewArray {
  nb::object array;
  Tensor tensor;
};
NewArray new_array(DataType dtype, const Shape& shape);

// An array of its own.
nb::object copy_to_numpy(const Tensor& tensor);

// An array that shares the tensor's memory where NumPy can (not strings and packed types, which are copied).
// Writable as the tensor is.
nb::object share_with_numpy(const Tensor& tensor);

// Arrays are copies.
nb::object to_python(const Data& data);

// Whether arrays of this type hold elements as a Tensor does.
bool same_in_numpy(DataType type) noexcept;

}  // namespace tenon::python
