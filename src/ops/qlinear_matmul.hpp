// qlinear_matmul: quantized matrix product, numpy's shape rules.
//
//   y = saturate(round_half_even(acc · (a_scale · b_scale / y_scale)) + y_zero)
//   with acc = Σ (a - a_zero) · (b - b_zero) in i32
//
// Operands: a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero. a, b, y: u8, i8, or 8-bit floats. a's
// parameters: scalar, [M] or [batch…, M, 1]; b's: scalar, [N] or [batch…, 1, N]; y's: scalar, [M] or [batch…,
// M, 1]. y has y_zero's dtype.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct QLinearMatMul {
  static constexpr std::string_view kName = "qlinear_matmul";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
