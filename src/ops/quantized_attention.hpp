// quantized_attention: attention of integers. For every head and query, over its T keys:
//
//   s[t] = float(Σ_d (q[d] - q_zero) · k'[t, d]) · score_multiplier, + mask[t] where there is one
//   p[t] = round_half_even(255 · 2^((s[t] - max s) · log2 e))                    an integer from 0 to 255
//   v    = (float(Σ_t p[t] · v'[t]) · y_multiplier) / float(Σ_t p[t]) + float(-v_zero') · y_multiplier
//   y    = v, or saturate(round_half_even(v) + y_zero)
//
// k' and v' are k and v less the middle of their bytes, 128 for u8 and 0 for i8, and v_zero' is v_zero less
// that. What the zero point of k adds is the same for all scores of a query, so that the softmax takes it
// away. Sums are exact modulo 2^32; each operation on floats rounds once, and 2^x is that of gates.hpp. So
// the shares of a softmax need no more than bytes: they are rounded where the largest is 255, and their exact
// sum divides. A query all of whose scores are -inf gives what 0 / 0 gives.
//
// Operands: q, k, v (i8 or u8, each of its own dtype), mask (f32) or absent, shaped as those of attention;
// all three of q, k and v. score_multiplier is scale · s_q · s_k, y_multiplier s_v / s_y. Result: i8 or u8
// with zero point y_zero, or f32 (y_zero 0). Decomposes into dequantize_linear + attention + quantize_linear,
// which it is close to: a share may be off by half of 1/255 of the largest.
#pragma once

#include "ops/attention.hpp"
#include "ops/requantize.hpp"

#include <span>

namespace tenon::op {

struct QuantizedAttention {
  std::int64_t heads = 0;     // as of attention
  std::int64_t kv_heads = 0;  // likewise
  std::int64_t q_zero = 0;
  std::int64_t v_zero = 0;
  float score_multiplier = 1;
  float y_multiplier = 1;
  std::int64_t y_zero = 0;
  DataType output_dtype = DataType::i8;

  static constexpr std::string_view kName = "quantized_attention";
  enum Operand : std::size_t { kQ, kK, kV, kMask };
  static constexpr auto fields() {
    return std::make_tuple(
        field("heads", &QuantizedAttention::heads), field("kv_heads", &QuantizedAttention::kv_heads),
        field("q_zero", &QuantizedAttention::q_zero), field("v_zero", &QuantizedAttention::v_zero),
        field("score_multiplier", &QuantizedAttention::score_multiplier),
        field("y_multiplier", &QuantizedAttention::y_multiplier),
        field("y_zero", &QuantizedAttention::y_zero),
        field("output_dtype", &QuantizedAttention::output_dtype));
  }
  // The attention that it is close to, of numbers that are scaled already.
  Attention of_floats() const;
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

// The middle of the bytes of a dtype.
inline constexpr std::int64_t byte_middle(DataType dtype) noexcept { return dtype == DataType::u8 ? 128 : 0; }

// What a score counts for whose distance from the largest is `below` (at most 0): p of the formula.
inline std::int32_t share_of_score(float below) noexcept {
  const gates::Scalar power = gates::exp2(gates::Scalar{below * gates::kLog2E});
  return quantize_to<std::uint8_t>(power.r * 255.0F, 0);
}

}  // namespace tenon::op
