// Tensors into channel-blocked storage and back, written apart from the library's own conversions.
#pragma once

#include "ir/type.hpp"

#include <tenon/tensor.hpp>

#include <vector>

namespace tenon::test {

// The stored array, its padding lanes zero. Plain or one block on axis 1.
std::vector<std::byte> store(const Tensor& tensor, const Layout& layout);

// The tensor held in `bytes`. `padding_clear` tells whether all padding lanes are zero, which
// they are of f32.
Tensor unstore(const std::byte* bytes, DataType dtype, const Shape& shape, const Layout& layout,
               bool* padding_clear);

}  // namespace tenon::test
