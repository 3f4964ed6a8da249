// matmul_integer: exact integer matrix product, i32 result: (a - a_zero) · (b - b_zero), numpy's shape rules.
//
// Operands: a, b (u8 or i8 each), a_zero: scalar, [M] or [batch…, M, 1], or absent; b_zero: scalar, [N] or
// [batch…, 1, N], or absent; of their operand's dtype. Sums wrap modulo 2^32.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct MatMulInteger {
  static constexpr std::string_view kName = "matmul_integer";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
