// Which programs leave the padding lanes of blocked tensors zero by themselves.
#pragma once

#include "ir/pointwise.hpp"

#include <vector>

namespace tenon::cpu {

// Whether the result is 0 wherever the operands marked in `zero` are 0, whatever the others are.
bool program_keeps_zero(const PointwiseProgram& program, std::vector<bool> zero);

}  // namespace tenon::cpu
