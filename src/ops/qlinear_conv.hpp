// qlinear_conv: quantized convolution.
//
//   y = saturate(round_half_even(acc · (x_scale · w_scale / y_scale)) + y_zero)
//   with acc = bias + Σ (x - x_zero) · (w - w_zero) in i32
//
// Operands: x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, bias or absent. x and y: u8 or i8, w: u8
// or i8, bias: i32 [M] of scale x_scale · w_scale. w_scale and w_zero: scalar or [M]; the others scalar.
// Padding counts as x_zero. Decomposes into dequantize_linear ×2 (and of the bias) + conv + quantize_linear,
// equal up to one quantum.
#pragma once

#include "ir/graph.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::op {

struct QLinearConv {
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  std::int64_t group = 1;
  AutoPad auto_pad = AutoPad::explicit_pads;

  static constexpr std::string_view kName = "qlinear_conv";
  enum Operand : std::size_t { kX, kXScale, kXZero, kW, kWScale, kWZero, kYScale, kYZero, kBias };
  static constexpr auto fields() {
    return std::make_tuple(field("stride", &QLinearConv::stride), field("pad", &QLinearConv::pad),
                           field("dilation", &QLinearConv::dilation), field("group", &QLinearConv::group),
                           field("auto_pad", &QLinearConv::auto_pad));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
