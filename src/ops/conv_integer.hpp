// conv_integer: exact integer convolution, i32 result: Σ (x - x_zero) · (w - w_zero), padding counts as
// x_zero.
//
// Operands: x [N, C, spatial…] (u8 or i8), w [M, C/group, kernel…] (u8 or i8), x_zero scalar or absent (x's
// dtype), w_zero scalar, [M] or absent (w's dtype). Sums wrap modulo 2^32.
#pragma once

#include "ir/op.hpp"
#include "ops/window.hpp"

namespace tenon::op {

struct ConvInteger {
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  std::int64_t group = 1;
  AutoPad auto_pad = AutoPad::explicit_pads;

  static constexpr std::string_view kName = "conv_integer";
  static constexpr auto fields() {
    return std::make_tuple(field("stride", &ConvInteger::stride), field("pad", &ConvInteger::pad),
                           field("dilation", &ConvInteger::dilation), field("group", &ConvInteger::group),
                           field("auto_pad", &ConvInteger::auto_pad));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
