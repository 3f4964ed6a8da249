// dequantize_linear: y = (x - zero_point) · scale.
//
// Operands: x (2- to 32-bit integers, 8- and 4-bit floats), scale (f32, f16, bf16), zero_point of x's dtype
// or absent (0); shapes of scale and zero_point as in quantize_linear. Result: x's shape; output_dtype, else
// scale's dtype. Computed in f32. `optional` as in quantize_linear.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct DequantizeLinear {
  std::int64_t axis = 1;
  std::int64_t block_size = 0;
  std::optional<DataType> output_dtype;
  bool optional = false;

  static constexpr std::string_view kName = "dequantize_linear";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &DequantizeLinear::axis),
                           field("block_size", &DequantizeLinear::block_size),
                           field("output_dtype", &DequantizeLinear::output_dtype),
                           field("optional", &DequantizeLinear::optional));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
