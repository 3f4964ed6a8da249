// The activation that GEMM and convolution kernels apply to what they store: out = act(sum + bias +
// residual).
#pragma once

#include <limits>

namespace tenon::cpu {

// A NaN stays a NaN under each of them.
struct Activation {
  enum class Kind { none, clip, leaky };

  Kind kind = Kind::none;
  float lo = 0.0F;  // clip: min(max(x, lo), hi)
  float hi = 0.0F;
  float alpha = 0.0F;  // leaky: x > 0 ? x : alpha * x

  static constexpr Activation none() { return {}; }
  static constexpr Activation relu() { return clip(0.0F, std::numeric_limits<float>::infinity()); }
  static constexpr Activation clip(float lo, float hi) { return {Kind::clip, lo, hi, 0.0F}; }
  static constexpr Activation leaky(float alpha) { return {Kind::leaky, 0.0F, 0.0F, alpha}; }

  // Whether act(0) == 0: then padding lanes stay zero by themselves.
  constexpr bool keeps_zero() const { return kind != Kind::clip || (lo <= 0.0F && hi >= 0.0F); }
};

}  // namespace tenon::cpu
