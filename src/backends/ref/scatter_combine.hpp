// One step of a scatter operator.
#pragma once

#include "ops/scatter_reduction.hpp"

#include <tenon/tensor.hpp>

#include <cstdint>

namespace tenon::ref {

// to[to_index] = to[to_index] ∘ from[from_index]. Integers wrap; min and max give NaN when an operand is NaN.
void combine(Tensor& to, std::int64_t to_index, const Tensor& from, std::int64_t from_index,
             op::ScatterReduction reduction);

}  // namespace tenon::ref
