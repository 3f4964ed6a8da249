// quantized_conv: convolution of integers, rescaled, with residual and activation.
//
//   sum[n, m, o…] = bias[m] + Σ_c Σ_k… w[m, c, k…] · (x[n, g·C/group + c, i…] - x_zero), exact modulo 2^32
//   y = the formula of ops/requantize.hpp with multiplier[m] and the residual's element at n, m, o…
//
// Operands: x [N, C, spatial…] (i8 or u8), w [M, C/group, kernel…] (i8), multiplier (f32, [M] or a scalar),
// bias [M] (i32) or absent, residual of y's dims (i8 or u8) or absent. Result: i8 or u8 with zero point
// y_zero, or f32 (y_zero 0). Reads outside of x count as x_zero. w has no -128 where kernels are to be fast.
// Decomposes into dequantize_linear + conv + quantize_linear, equal up to one quantum.
#pragma once

#include "ir/graph.hpp"
#include "ops/requantize.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::op {

struct QuantizedConv {
  std::vector<std::int64_t> stride;    // empty: ones
  std::vector<std::int64_t> pad;       // begins, then ends; empty: zeros
  std::vector<std::int64_t> dilation;  // empty: ones
  std::int64_t group = 1;
  AutoPad auto_pad = AutoPad::explicit_pads;
  std::int64_t x_zero = 0;
  std::int64_t residual_zero = 0;
  float residual_multiplier = 1;
  QuantizedActivation activation = QuantizedActivation::none;
  float alpha = 0;  // of the activation
  float beta = 0;
  std::int64_t y_zero = 0;
  DataType output_dtype = DataType::i8;

  static constexpr std::string_view kName = "quantized_conv";
  enum Operand : std::size_t { kX, kW, kMultiplier, kBias, kResidual };
  static constexpr auto fields() {
    return std::make_tuple(
        field("stride", &QuantizedConv::stride), field("pad", &QuantizedConv::pad),
        field("dilation", &QuantizedConv::dilation), field("group", &QuantizedConv::group),
        field("auto_pad", &QuantizedConv::auto_pad), field("x_zero", &QuantizedConv::x_zero),
        field("residual_zero", &QuantizedConv::residual_zero),
        field("residual_multiplier", &QuantizedConv::residual_multiplier),
        field("activation", &QuantizedConv::activation), field("alpha", &QuantizedConv::alpha),
        field("beta", &QuantizedConv::beta), field("y_zero", &QuantizedConv::y_zero),
        field("output_dtype", &QuantizedConv::output_dtype));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;

  // What does not depend on how the window lies: the rest of infer() for a result of `dims`, and the operands
  // and the epilogue of the float operator that the decomposition is made of.
  std::vector<Inference> infer_result(InferContext& context, std::optional<Dims> dims) const;
  std::vector<ValueId> float_operands(NodeBuilder& builder, std::span<const ValueId> inputs) const;
  PointwiseProgram float_epilogue(std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
