// Activations x · gate(x) in f32, from operations of which each rounds once, to nearest even: every machine
// that computes them so gets the same bits.
//
//   silu        x / (1 + e^-x)
//   gelu_tanh   x / (1 + e^-t(x))      t = √(8/π) (x + 0.044715 x³)
//   gelu        x / (1 + e^-t(x))      t = ln(Φ(x) / Φ(-x)), an odd polynomial up to |x| = 5
//   hard_swish  x · min(max(x · 1/6 + 1/2, 0), 1)
//
// The error is below 1e-5 (that is, of what integers of 8 bits tell apart, a thousandth): e^x has one of 3e-6
// relative to it, the polynomial moves x · Φ(x) by 3e-6. Both are minimax fits by
// scripts/fit_polynomials.py.
#pragma once

#include <cstdint>
#include <cstring>

namespace tenon::op {

enum class Gate : std::uint8_t { none, silu, gelu, gelu_tanh, hard_swish };

namespace gates {

inline constexpr float kPower[] = {1.0F, 0.693119824F, 0.240225881F, 0.0559314974F, 0.00964772515F};
inline constexpr float kGelu[] = {1.5956552F, 0.0729398057F, -0.000250935409F, -6.09361887e-05F,
                                  2.22532185e-06F};
inline constexpr float kGeluBound = 25.0F;  // x², beyond which t goes on in a straight line
inline constexpr float kGeluTanh[] = {1.59576912F, 0.0713548163F};
inline constexpr float kLog2E = 1.44269504F;
inline constexpr float kMostPower = 120.0F;
inline constexpr float kIntegerShift = 12582912.0F;  // 1.5 · 2^23: a sum with it is rounded to an integer

// One float with the interface of the vectors that the functions below take: V::set1, + - * /, min and max
// (which give b where a is NaN), and power_of_two(n) = 2^n for integers |n| <= 120.
struct Scalar {
  float r;
  static Scalar set1(float x) noexcept { return {x}; }
};
inline Scalar operator+(Scalar a, Scalar b) noexcept { return {a.r + b.r}; }
inline Scalar operator-(Scalar a, Scalar b) noexcept { return {a.r - b.r}; }
inline Scalar operator*(Scalar a, Scalar b) noexcept { return {a.r * b.r}; }
inline Scalar operator/(Scalar a, Scalar b) noexcept { return {a.r / b.r}; }
inline Scalar min(Scalar a, Scalar b) noexcept { return a.r < b.r ? a : b; }
inline Scalar max(Scalar a, Scalar b) noexcept { return a.r > b.r ? a : b; }
inline Scalar power_of_two(Scalar n) noexcept {
  const std::int32_t bits = (static_cast<std::int32_t>(n.r) + 127) * (1 << 23);
  Scalar power;
  std::memcpy(&power.r, &bits, sizeof(bits));
  return power;
}

template <class V, int N>
[[gnu::always_inline]] inline V polynomial(const float (&c)[N], V x) noexcept {
  V y = V::set1(c[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = y * x + V::set1(c[i]);
  return y;
}

// 2^u, with u held to ±120.
template <class V>
[[gnu::always_inline]] inline V exp2(V u) noexcept {
  u = min(max(u, V::set1(-kMostPower)), V::set1(kMostPower));
  const V shift = V::set1(kIntegerShift);
  const V n = (u + shift) - shift;
  return polynomial(kPower, u - n) * power_of_two(n);
}

// x / (1 + e^-t)
template <class V>
[[gnu::always_inline]] inline V gated(V x, V t) noexcept {
  return x / (V::set1(1.0F) + exp2(t * V::set1(-kLog2E)));
}

template <Gate kGate, class V>
[[gnu::always_inline]] inline V apply(V x) noexcept {
  if constexpr (kGate == Gate::silu) {
    return gated(x, x);
  } else if constexpr (kGate == Gate::gelu) {
    return gated(x, x * polynomial(kGelu, min(x * x, V::set1(kGeluBound))));
  } else if constexpr (kGate == Gate::gelu_tanh) {
    return gated(x, x * polynomial(kGeluTanh, x * x));
  } else if constexpr (kGate == Gate::hard_swish) {
    const V gate = x * V::set1(1.0F / 6.0F) + V::set1(0.5F);
    return x * min(max(gate, V::set1(0.0F)), V::set1(1.0F));
  } else {
    return x;
  }
}

}  // namespace gates

inline float apply_gate(float x, Gate gate) noexcept {
  const gates::Scalar v{x};
  switch (gate) {
    case Gate::none: return x;
    case Gate::silu: return gates::apply<Gate::silu>(v).r;
    case Gate::gelu: return gates::apply<Gate::gelu>(v).r;
    case Gate::gelu_tanh: return gates::apply<Gate::gelu_tanh>(v).r;
    case Gate::hard_swish: return gates::apply<Gate::hard_swish>(v).r;
  }
  return x;
}

}  // namespace tenon::op
