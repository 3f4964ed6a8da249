// What ops/gates.hpp wants of a vector type, and of several vectors at once: its formulas are long chains of
// operations, of which one vector keeps a core waiting. Include after exactly one level.
#pragma once

#include "backends/cpu/kernels/unroll.hpp"
#include "ops/gates.hpp"

namespace tenon::cpu::simd {
namespace {

TENON_SIMD F32 power_of_two(F32 n) { return bits_to_float(shift_left<23>(to_int(n) + I32::set1(127))); }

template <int Count>
struct Bundle {
  F32 v[Count];

  static TENON_SIMD Bundle set1(float x) {
    return each([&](int) TENON_INLINE_LAMBDA { return F32::set1(x); });
  }
  template <class Vector>
  static TENON_SIMD Bundle each(const Vector& vector) {
    Bundle all;
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { all.v[i.value] = vector(i.value); });
    return all;
  }
};

template <int N>
TENON_SIMD Bundle<N> operator+(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return a.v[i] + b.v[i]; });
}
template <int N>
TENON_SIMD Bundle<N> operator-(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return a.v[i] - b.v[i]; });
}
template <int N>
TENON_SIMD Bundle<N> operator*(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return a.v[i] * b.v[i]; });
}
template <int N>
TENON_SIMD Bundle<N> operator/(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return a.v[i] / b.v[i]; });
}
template <int N>
TENON_SIMD Bundle<N> min(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return min(a.v[i], b.v[i]); });
}
template <int N>
TENON_SIMD Bundle<N> max(const Bundle<N>& a, const Bundle<N>& b) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return max(a.v[i], b.v[i]); });
}
template <int N>
TENON_SIMD Bundle<N> power_of_two(const Bundle<N>& n) {
  return Bundle<N>::each([&](int i) TENON_INLINE_LAMBDA { return power_of_two(n.v[i]); });
}

}  // namespace
}  // namespace tenon::cpu::simd
