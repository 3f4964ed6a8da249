// quantized_conv_transpose: transposed convolution of integers, rescaled, with residual and activation.
//
//   sum[n, g·M/group + m, o…] = bias + Σ w[c, m, k…] · (x[n, c, i…] - x_zero) over c of group g and all i, k
//   with o = i·stride - pad + k·dilation on each spatial axis, exact modulo 2^32; then as quantized_conv
//
// Operands and fields are those of quantized_conv, but w is [C, M/group, kernel…]; output_padding and
// output_shape are those of conv_transpose, whose output size it has. Decomposes into dequantize_linear +
// conv_transpose + quantize_linear, equal up to one quantum.
#pragma once

#include "ops/quantized_conv.hpp"

#include <tuple>

namespace tenon::op {

struct QuantizedConvTranspose : QuantizedConv {
  std::vector<std::int64_t> output_padding;  // empty: zeros
  std::vector<std::int64_t> output_shape;    // empty: not given

  static constexpr std::string_view kName = "quantized_conv_transpose";
  static constexpr auto fields() {
    return std::tuple_cat(QuantizedConv::fields(),
                          std::make_tuple(field("output_padding", &QuantizedConvTranspose::output_padding),
                                          field("output_shape", &QuantizedConvTranspose::output_shape)));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
