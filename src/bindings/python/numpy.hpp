// What of NumPy, and of ml_dtypes where it is installed, the module calls; looked up once, when it is
// imported.
#pragma once

#include "bindings/python/bindings.hpp"

#include <tenon/data_type.hpp>

#include <array>
#include <optional>

namespace tenon::python {

struct Numpy {
  nb::object array, asarray, empty, dtype, ndarray;
  std::array<nb::object, kDataTypeCount> dtypes;  // None where it takes an ml_dtypes that is not installed
  nb::dict types;                                 // from numpy.dtype to the number of a DataType

  // Of an array's dtype, in native byte order; nothing for what has no counterpart.
  std::optional<DataType> type_of(nb::handle numpy_dtype) const;
};

// Lives as long as the process.
const Numpy& numpy();

}  // namespace tenon::python
