// Tensors into channel-blocked storage and back, written apart from the library's own conversions.
#pragma once

#include "ir/type.hpp"

#include <tenon/tensor.hpp>

#include <optional>
#include <vector>

namespace tenon::test {

// The stored array, its padding lanes zero. Plain or one block on axis 1.
std::vector<std::byte> store(const Tensor& tensor, const Layout& layout);

// The tensor held in `bytes`. `padding_clear` tells whether all padding lanes are zero, which
// they are of floats.
Tensor unstore(const std::byte* bytes, DataType dtype, const Shape& shape, const Layout& layout,
               bool* padding_clear);

// f32 rounded to bf16 or f16, as a tensor of that type; any other tensor, and where there is no type, as it
// is.
Tensor rounded(const Tensor& tensor, std::optional<DataType> type);

// bf16 and f16 as f32; any other tensor as it is.
Tensor widened(const Tensor& tensor);

}  // namespace tenon::test
