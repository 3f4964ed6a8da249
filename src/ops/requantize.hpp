// The one formula of integer kernels: from an exact i32 sum to the result.
//
//   v = float(sum) · multiplier
//   v = v + float(r - r_zero) · r_multiplier    where there is a residual r: the product, then the sum
//   v = activate(v)                             none, relu, clip to [alpha, beta], leaky (alpha · v), or
//                                               alpha · gate(v), with one of gates.hpp
//   y = v, or saturate(round_half_even(v) + zero)
//
// Each operation rounds once, in f32 to nearest even, without fused multiply-add. Where y is an integer, v
// counts its quanta: multiplier = s_x · s_w / s_y, r_multiplier = s_r / s_y, and alpha and beta of clip are
// divided by s_y. Only in front of a gate it counts real numbers, multiplier = s_x · s_w and
// r_multiplier = s_r, and alpha is 1 / s_y; kernels have gates behind products of matrices. Every kernel of
// every instruction set gives these bits.
#pragma once

#include "ops/gates.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace tenon::op {

enum class QuantizedActivation : std::uint8_t { none, relu, clip, leaky, silu, gelu, gelu_tanh, hard_swish };

inline constexpr std::array<std::string_view, 8> enum_names(QuantizedActivation) {
  return {"none", "relu", "clip", "leaky", "silu", "gelu", "gelu_tanh", "hard_swish"};
}

inline constexpr Gate gate_of(QuantizedActivation activation) noexcept {
  switch (activation) {
    case QuantizedActivation::silu: return Gate::silu;
    case QuantizedActivation::gelu: return Gate::gelu;
    case QuantizedActivation::gelu_tanh: return Gate::gelu_tanh;
    case QuantizedActivation::hard_swish: return Gate::hard_swish;
    default: return Gate::none;
  }
}
inline constexpr bool is_gated(QuantizedActivation activation) noexcept {
  return gate_of(activation) != Gate::none;
}

inline float scale_sum(std::int32_t sum, float multiplier) noexcept {
  return static_cast<float>(sum) * multiplier;
}

inline float add_residual(float v, std::int32_t r, std::int32_t r_zero, float r_multiplier) noexcept {
  const float product = static_cast<float>(r - r_zero) * r_multiplier;
  return v + product;
}

// NaN gives `low`; of zeros of both signs any may come out.
inline float clamp_to(float v, float low, float high) noexcept {
  v = v > low ? v : low;
  return v < high ? v : high;
}

inline float activate(float v, QuantizedActivation activation, float alpha, float beta) noexcept {
  switch (activation) {
    case QuantizedActivation::none: return v;
    case QuantizedActivation::relu: return v > 0 ? v : 0.0F;
    case QuantizedActivation::clip: return clamp_to(v, alpha, beta);
    case QuantizedActivation::leaky: return v < 0 ? v * alpha : v;
    default: return apply_gate(v, gate_of(activation)) * alpha;
  }
}

// saturate(round_half_even(v) + zero) with zero a number of type T: i8 or u8. Clamping first changes nothing,
// as the bounds are integers; then adding and taking away 1.5 · 2^23 rounds.
template <class T>
T quantize_to(float v, std::int32_t zero) noexcept {
  const auto low = static_cast<float>(std::numeric_limits<T>::lowest() - zero);
  const auto high = static_cast<float>(std::numeric_limits<T>::max() - zero);
  constexpr float kRound = 12582912.0F;
  const float rounded = (clamp_to(v, low, high) + kRound) - kRound;
  return static_cast<T>(static_cast<std::int32_t>(rounded) + zero);
}

}  // namespace tenon::op
