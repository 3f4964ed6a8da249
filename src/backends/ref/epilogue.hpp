// Storing the result of an operator that has an epilogue.
#pragma once

#include "backends/ref/ref.hpp"

#include <span>

namespace tenon::ref {

// Rounds `main` to `dtype`, applies the epilogue with the operands from `first_operand` on, and puts the
// result into output 0.
void store_with_epilogue(std::span<const double> main, DataType dtype, const PointwiseProgram& epilogue,
                         const Call& call, std::size_t first_operand);
void store_with_epilogue(Tensor main, const PointwiseProgram& epilogue, const Call& call,
                         std::size_t first_operand);

}  // namespace tenon::ref
