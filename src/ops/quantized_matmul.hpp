// quantized_matmul: matrix product of integers, rescaled, with residual and activation.
//
//   sum = bias[n] + Σ_k (op(a)[m, k] - a_zero) · (op(b)[k, n] - b_zero), exact modulo 2^32
//   y = the formula of ops/requantize.hpp with multiplier[n]
//
// Operands: a (i8 or u8), b (i8 or u8; weights are i8 with b_zero 0), both under the shape rules of matmul,
// with op = transpose of the last two axes where asked; multiplier (f32, [N] or a scalar), bias [N] (i32) or
// absent, residual of y's dims (i8 or u8) or absent. A list of multipliers and a bias want b of rank 2 or
// more. Result: i8 or u8 with zero point y_zero, or f32 (y_zero 0). Decomposes into dequantize_linear +
// matmul + quantize_linear, equal up to one quantum.
#pragma once

#include "ir/graph.hpp"
#include "ops/requantize.hpp"

#include <span>

namespace tenon::op {

struct QuantizedMatMul {
  bool transpose_a = false;
  bool transpose_b = false;
  std::int64_t a_zero = 0;
  std::int64_t b_zero = 0;
  std::int64_t residual_zero = 0;
  float residual_multiplier = 1;
  QuantizedActivation activation = QuantizedActivation::none;
  float alpha = 0;  // of the activation
  float beta = 0;
  std::int64_t y_zero = 0;
  DataType output_dtype = DataType::i8;

  static constexpr std::string_view kName = "quantized_matmul";
  enum Operand : std::size_t { kA, kB, kMultiplier, kBias, kResidual };
  static constexpr auto fields() {
    return std::make_tuple(
        field("transpose_a", &QuantizedMatMul::transpose_a),
        field("transpose_b", &QuantizedMatMul::transpose_b), field("a_zero", &QuantizedMatMul::a_zero),
        field("b_zero", &QuantizedMatMul::b_zero), field("residual_zero", &QuantizedMatMul::residual_zero),
        field("residual_multiplier", &QuantizedMatMul::residual_multiplier),
        field("activation", &QuantizedMatMul::activation), field("alpha", &QuantizedMatMul::alpha),
        field("beta", &QuantizedMatMul::beta), field("y_zero", &QuantizedMatMul::y_zero),
        field("output_dtype", &QuantizedMatMul::output_dtype));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
