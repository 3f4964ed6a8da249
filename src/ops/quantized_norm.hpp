// quantized_norm: a layer normalization (rms_norm unless `center`) that is rounded.
//
//   v = layer_norm(x, scale, bias), or rms_norm(x, scale)
//   y = quantize_linear(v, y_scale, y_zero), or dynamic_quantize_linear(v) if `dynamic`
//
// Operands: x (f32), scale, bias or absent, as those of layer_norm; no bias unless `center`. Results: y (i8
// or u8, x's dims; u8 if dynamic); if dynamic its scale (f32) and zero point (u8), scalars; and v (f32) where
// `floats` are asked for. Decomposes into the two.
#pragma once

#include "ir/graph.hpp"

#include <span>

namespace tenon::op {

struct QuantizedNorm {
  bool center = true;
  std::int64_t axis = -1;
  float epsilon = 1e-5F;
  bool dynamic = false;
  float y_scale = 1;  // unless dynamic, as the two that follow
  std::int64_t y_zero = 0;
  DataType output_dtype = DataType::i8;
  bool floats = false;

  static constexpr std::string_view kName = "quantized_norm";
  enum Operand : std::size_t { kX, kScale, kBias };
  static constexpr auto fields() {
    return std::make_tuple(
        field("center", &QuantizedNorm::center), field("axis", &QuantizedNorm::axis),
        field("epsilon", &QuantizedNorm::epsilon), field("dynamic", &QuantizedNorm::dynamic),
        field("y_scale", &QuantizedNorm::y_scale), field("y_zero", &QuantizedNorm::y_zero),
        field("output_dtype", &QuantizedNorm::output_dtype), field("floats", &QuantizedNorm::floats));
  }
  // The normalization alone.
  Op norm() const;
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
