// The activation that GEMM and convolution kernels apply to what they store: out = act(sum + bias +
// residual).
#pragma once

#include "backends/cpu/kernels/pointwise/routines.hpp"

#include <limits>

namespace tenon::cpu {

// x = routine(x), or of x and a constant on either side.
struct ActivationCall {
  enum class Constant { none, left, right };
  PointwiseRoutine routine = nullptr;  // of the kernel's level
  float alpha = 0.0F;                  // its parameters
  float beta = 0.0F;
  Constant side = Constant::none;
  float constant = 0.0F;
};

// A NaN stays a NaN under clip and leaky.
struct Activation {
  enum class Kind { none, clip, leaky, functions };

  static constexpr int kMostCalls = 4;

  Kind kind = Kind::none;
  float lo = 0.0F;  // clip: min(max(x, lo), hi)
  float hi = 0.0F;
  float alpha = 0.0F;                // leaky: x > 0 ? x : alpha * x
  bool functions_keep_zero = false;  // functions: whether the calls map 0 to 0
  int call_count = 0;                // functions: one after the other
  ActivationCall calls[kMostCalls];

  static constexpr Activation none() { return {}; }
  static constexpr Activation relu() { return clip(0.0F, std::numeric_limits<float>::infinity()); }
  static constexpr Activation clip(float lo, float hi) {
    Activation act;
    act.kind = Kind::clip;
    act.lo = lo;
    act.hi = hi;
    return act;
  }
  static constexpr Activation leaky(float alpha) {
    Activation act;
    act.kind = Kind::leaky;
    act.alpha = alpha;
    return act;
  }

  // Whether act(0) == 0: then padding lanes stay zero by themselves.
  constexpr bool keeps_zero() const {
    if (kind == Kind::functions) return functions_keep_zero;
    return kind != Kind::clip || (lo <= 0.0F && hi >= 0.0F);
  }
};

}  // namespace tenon::cpu
