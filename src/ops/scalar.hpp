// Constants of one element.
#pragma once

#include <tenon/tensor.hpp>

namespace tenon {

Tensor scalar_tensor(DataType dtype,
                     double value);  // of rank 0; ModelError for strings, complex and packed types

}  // namespace tenon
