// Constants in 16 bits.
#pragma once

#include <tenon/tensor.hpp>

namespace tenon {

// A tensor of f32 as one of bf16 or f16, each element rounded to nearest even. ModelError for other types.
Tensor rounded(const Tensor& tensor, DataType type);

}  // namespace tenon
