// scaled_conv_integer, scaled_matmul_integer: exact sums of integers times a factor that may be known only
// while running, as dynamically quantized networks have them.
//
//   y = float(conv_integer(x, w, zero)) · multiplier[m]           sum modulo 2^32, then two roundings
//   y = float(matmul_integer(x, w, zero)) · multiplier[n]
//
// Operands: x (u8 or i8), w (i8; of the product: a matrix), multiplier (f32, [1] or one for each output
// channel or column), zero (a scalar of x's dtype) or absent. Result: f32. Decompose into the integer
// operator, cast and mul.
#pragma once

#include "ir/graph.hpp"
#include "ops/conv_integer.hpp"
#include "ops/matmul_integer.hpp"

#include <span>

namespace tenon::op {

struct ScaledConvInteger : ConvInteger {
  static constexpr std::string_view kName = "scaled_conv_integer";
  enum Operand : std::size_t { kX, kWeights, kMultiplier, kZero };
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

struct ScaledMatMulInteger : MatMulInteger {
  static constexpr std::string_view kName = "scaled_matmul_integer";
  enum Operand : std::size_t { kX, kWeights, kMultiplier, kZero };
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
