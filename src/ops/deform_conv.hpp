// deform_conv: 2-D convolution whose taps are displaced by learned offsets and weighted by an optional mask.
//
//   tap (i, j) of output (p, q) reads x at row p·stride - pad + i·dilation + offset_y, column likewise,
//   bilinearly interpolated with zeros outside, times mask.
//
// Operands: x [N, C, H, W], w [M, C/group, kH, kW], offset [N, offset_group·kH·kW·2, oH, oW] (y before x),
// bias [M] or absent, mask [N, offset_group·kH·kW, oH, oW] or absent. One float dtype.
#pragma once

#include "ir/op.hpp"
#include "ops/window.hpp"

namespace tenon::op {

struct DeformConv {
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  std::int64_t group = 1;
  std::int64_t offset_group = 1;

  static constexpr std::string_view kName = "deform_conv";
  static constexpr auto fields() {
    return std::make_tuple(field("stride", &DeformConv::stride), field("pad", &DeformConv::pad),
                           field("dilation", &DeformConv::dilation), field("group", &DeformConv::group),
                           field("offset_group", &DeformConv::offset_group));
  }
  WindowFields window() const { return {stride, dilation, pad, AutoPad::explicit_pads, false}; }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
