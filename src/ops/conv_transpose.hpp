// conv_transpose: the transpose of a convolution (deconvolution), with bias and a pointwise epilogue.
//
//   every x[n, c, i…] · w[c, m, k…] is added to y[n, g·M/group + m, o…], then bias and epilogue,
//   with o = i·stride - pad + k·dilation on each spatial axis, and g = floor(c / (C/group))
//
// Operands: x [N, C, spatial…], w [C, M/group, kernel…], bias [M] or absent, then the epilogue's registers 1
// … n. Output size: (in - 1)·stride + (kernel - 1)·dilation + 1 + output_padding - pad_begin - pad_end,
// unless output_shape (spatial sizes) is given or auto_pad is same_* (then in·stride): there the total
// padding follows from the size, and its odd element goes to the end for same_upper, else to the beginning; a
// negative total counts as 0. Decomposes into conv_transpose without epilogue + pointwise; into nothing when
// there is no epilogue.
#pragma once

#include "ir/graph.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::op {

struct ConvTranspose {
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  std::int64_t group = 1;
  std::vector<std::int64_t> output_padding;  // empty: zeros
  std::vector<std::int64_t> output_shape;    // empty: not given
  AutoPad auto_pad = AutoPad::explicit_pads;
  PointwiseProgram epilogue;

  static constexpr std::string_view kName = "conv_transpose";
  static constexpr std::size_t kFirstEpilogueOperand = 3;
  static constexpr auto fields() {
    return std::make_tuple(field("stride", &ConvTranspose::stride), field("pad", &ConvTranspose::pad),
                           field("dilation", &ConvTranspose::dilation), field("group", &ConvTranspose::group),
                           field("output_padding", &ConvTranspose::output_padding),
                           field("output_shape", &ConvTranspose::output_shape),
                           field("auto_pad", &ConvTranspose::auto_pad),
                           field("epilogue", &ConvTranspose::epilogue));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

// Output dims for these of x and w; checks fields, ranks, channels and groups.
Dims conv_transpose_output_dims(const InferContext& context, const ConvTranspose& op, const Dims& x,
                                const Dims& w);

// Per spatial axis: `input` is x's size, `output` y's; pads as resolved.
std::vector<WindowAxis> resolve_conv_transpose(const ConvTranspose& op, std::span<const std::int64_t> input,
                                               std::span<const std::int64_t> kernel);

}  // namespace tenon::op
