// quantize_linear: y = saturate(round_half_even(x / scale) + zero_point).
//
// Operands: x (f32, f16, bf16, or i32), scale, zero_point or absent (0). scale and zero_point have one shape:
// scalar or [1] (per tensor), [D] with D the size of x's `axis` (per axis), or x's shape with `axis` divided
// by block_size, rounded up (blocked, block_size > 0). Result dtype: zero_point's, else output_dtype's, else
// u8: 2- to 16-bit integers, or 8- and 4-bit floats (no zero point; `saturate` = false lets values out of
// range become NaN or infinity). Computed in `precision` when given, else in scale's dtype, f32 at least.
// `optional`: comes from calibration, not from the model, so that a build may do without the rounding.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct QuantizeLinear {
  std::int64_t axis = 1;
  std::int64_t block_size = 0;
  bool saturate = true;
  std::optional<DataType> output_dtype;
  std::optional<DataType> precision;
  bool optional = false;

  static constexpr std::string_view kName = "quantize_linear";
  static constexpr auto fields() {
    return std::make_tuple(
        field("axis", &QuantizeLinear::axis), field("block_size", &QuantizeLinear::block_size),
        field("saturate", &QuantizeLinear::saturate), field("output_dtype", &QuantizeLinear::output_dtype),
        field("precision", &QuantizeLinear::precision), field("optional", &QuantizeLinear::optional));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// Fails unless scale (and zero point, when present) fit x under `axis` and `block_size`.
void check_quantization(const InferContext& context, std::size_t scale, std::size_t zero_point,
                        std::int64_t axis, std::int64_t block_size);

}  // namespace tenon::op
