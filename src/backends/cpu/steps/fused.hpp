// Epilogues that GEMM and convolution kernels have compiled in: bias, an added tensor of the result's shape,
// a chain of functions of the value and constants.
#pragma once

#include "backends/cpu/kernels/activation.hpp"
#include "ir/attribute.hpp"

#include <cstdint>
#include <optional>

namespace tenon::cpu {

struct FusedEpilogue {
  Activation act;
  bool residual = false;  // operand 0 of the epilogue is added before the activation
};

// Nothing when the program is something else. Whether the residual has the result's shape is the caller's to
// check.
std::optional<FusedEpilogue> match_epilogue(const PointwiseProgram& program);

}  // namespace tenon::cpu
