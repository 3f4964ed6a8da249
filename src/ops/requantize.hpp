// The one formula of integer kernels: from an exact i32 sum to the result.
//
//   v = float(sum) · multiplier
//   v = v + float(r - r_zero) · r_multiplier    where there is a residual r: the product, then the sum
//   v = activate(v)                             none, relu, clip to [alpha, beta], leaky (alpha · v)
//   y = v, or saturate(round_half_even(v) + zero)
//
// Each operation rounds once, in f32 to nearest even, without fused multiply-add. Where y is an integer, v
// counts its quanta: multiplier = s_x · s_w / s_y, r_multiplier = s_r / s_y, and alpha and beta of clip are
// divided by s_y. Every kernel of every instruction set gives these bits.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace tenon::op {

enum class QuantizedActivation : std::uint8_t { none, relu, clip, leaky };

inline constexpr std::array<std::string_view, 4> enum_names(QuantizedActivation) {
  return {"none", "relu", "clip", "leaky"};
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
  }
  return v;
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
