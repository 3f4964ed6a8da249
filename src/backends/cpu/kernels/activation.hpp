// The activation that GEMM and convolution kernels apply to what they store: out = act(sum + bias +
// residual).
#pragma once

#include "backends/cpu/kernels/pointwise/routines.hpp"

#include <limits>

namespace tenon::cpu {

// A NaN stays a NaN under each of them.
struct Activation {
  enum class Kind { none, clip, leaky, function };

  Kind kind = Kind::none;
  float lo = 0.0F;  // clip: min(max(x, lo), hi)
  float hi = 0.0F;
  float alpha = 0.0F;  // leaky: x > 0 ? x : alpha * x; function: its parameters
  float beta = 0.0F;
  PointwiseRoutine routine = nullptr;  // function: of one operand, of the kernel's level
  bool zero_to_zero = false;           // function: routine(0) == 0

  static constexpr Activation none() { return {}; }
  static constexpr Activation relu() { return clip(0.0F, std::numeric_limits<float>::infinity()); }
  static constexpr Activation clip(float lo, float hi) { return {Kind::clip, lo, hi}; }
  static constexpr Activation leaky(float alpha) { return {Kind::leaky, 0.0F, 0.0F, alpha}; }
  static constexpr Activation function(PointwiseRoutine routine, float alpha, float beta, bool zero_to_zero) {
    return {Kind::function, 0.0F, 0.0F, alpha, beta, routine, zero_to_zero};
  }

  // Whether act(0) == 0: then padding lanes stay zero by themselves.
  constexpr bool keeps_zero() const {
    if (kind == Kind::function) return zero_to_zero;
    return kind != Kind::clip || (lo <= 0.0F && hi >= 0.0F);
  }
};

}  // namespace tenon::cpu
