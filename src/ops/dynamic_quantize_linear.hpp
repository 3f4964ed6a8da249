// dynamic_quantize_linear: quantizes x to u8 with a scale and zero point of its own range, which is made to
// contain 0.
//
//   scale = (max(0, max x) - min(0, min x)) / 255
//   zero_point = clamp(round_half_even(-min(0, min x) / scale), 0, 255)
//
// Operand: x (f32). Results: y (u8, x's shape), scale (f32 scalar), zero_point (u8 scalar). A range of 0
// gives scale 0, all 0.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct DynamicQuantizeLinear {
  static constexpr std::string_view kName = "dynamic_quantize_linear";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
