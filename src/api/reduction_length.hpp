// How many terms an operator sums into one element of its output: the factor on epsilon in every tolerance.
#pragma once

#include "ir/op.hpp"

#include <tenon/tensor.hpp>

#include <span>

namespace tenon {

// Shapes of the operands (empty for absent ones and those that are no tensors) and of the output. An upper
// bound, at least 1.
double reduction_length(const Op& op, std::span<const Shape> inputs, const Shape& output);

}  // namespace tenon
