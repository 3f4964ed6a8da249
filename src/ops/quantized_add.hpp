// quantized_add: sum of two integer tensors of different scales.
//
//   v = float(a - a_zero) · a_multiplier + float(b - b_zero) · b_multiplier, products and sum rounded once
//   each y = saturate(round_half_even(activate(v)) + y_zero), or activate(v) in f32 (y_zero 0)
//
// Operands: a, b (i8 or u8), broadcast together as numpy does. Rounding and activation as in
// ops/requantize.hpp, with a_multiplier = s_a / s_y. Decomposes into dequantize_linear ×2 + add +
// quantize_linear.
#pragma once

#include "ir/graph.hpp"
#include "ops/requantize.hpp"

#include <span>

namespace tenon::op {

struct QuantizedAdd {
  std::int64_t a_zero = 0;
  float a_multiplier = 1;
  std::int64_t b_zero = 0;
  float b_multiplier = 1;
  QuantizedActivation activation = QuantizedActivation::none;
  float alpha = 0;  // of the activation
  float beta = 0;
  std::int64_t y_zero = 0;
  DataType output_dtype = DataType::i8;

  static constexpr std::string_view kName = "quantized_add";
  static constexpr auto fields() {
    return std::make_tuple(
        field("a_zero", &QuantizedAdd::a_zero), field("a_multiplier", &QuantizedAdd::a_multiplier),
        field("b_zero", &QuantizedAdd::b_zero), field("b_multiplier", &QuantizedAdd::b_multiplier),
        field("activation", &QuantizedAdd::activation), field("alpha", &QuantizedAdd::alpha),
        field("beta", &QuantizedAdd::beta), field("y_zero", &QuantizedAdd::y_zero),
        field("output_dtype", &QuantizedAdd::output_dtype));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
