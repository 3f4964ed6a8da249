// The interpolation points of Winograd's algorithm, and what the transforms derive from them.
//
// A transform of size `alpha` works with the points 0, p[0], -p[0], p[1], -p[1], ... and infinity, in this
// order. With P = (alpha - 2) / 2 pairs and z = x^2, everything follows from two kinds of polynomials in z:
//   all(z)       = product over k of (z - p[k]^2)                 degree P, leading coefficient 1
//   others(j, z) = product over k != j of (z - p[k]^2)            degree P - 1, leading coefficient 1
//
// Which points round least was measured by a search over small dyadic fractions, whose products are exact:
// root-mean-square errors against those of the direct sum, 3x3 filters, operands uniform in [-1, 1]:
//   alpha 4   1               0.6
//   alpha 6   5/8, 3/2        1.9      the customary 1, 2: 3.9; 1/2, 2: 2.6
//   alpha 8   1/2, 1, 2       8.0      the customary points are the best here
// That points of pairwise different magnitude around 1 are good is a result of Barabasz, Anderson, Soodhalter
// and Gregg, "Error analysis and improving the accuracy of Winograd convolution for deep neural networks",
// 2018.
#pragma once

namespace tenon::cpu {
namespace {

template <int Alpha>
struct WinogradPairs;

template <>
struct WinogradPairs<4> {
  static constexpr double p[] = {1.0};
};

template <>
struct WinogradPairs<6> {
  static constexpr double p[] = {0.625, 1.5};
};

template <>
struct WinogradPairs<8> {
  static constexpr double p[] = {0.5, 1.0, 2.0};
};

template <int Alpha>
struct WinogradPoints {
  static constexpr int kPairs = (Alpha - 2) / 2;
  static constexpr const double (&p)[kPairs] = WinogradPairs<Alpha>::p;

  struct Polynomial {
    double c[kPairs + 1] = {};  // lowest power first
  };

  static constexpr Polynomial without(int j) {
    Polynomial q;
    q.c[0] = 1;
    for (int k = 0; k < kPairs; ++k) {
      if (k == j) continue;
      for (int i = kPairs; i > 0; --i) q.c[i] = q.c[i - 1] - p[k] * p[k] * q.c[i];
      q.c[0] *= -p[k] * p[k];
    }
    return q;
  }
  static constexpr Polynomial all() { return without(-1); }
  static constexpr Polynomial others(int j) { return without(j); }

  static constexpr double power(int j, int exponent) {
    double value = 1;
    for (int i = 0; i < exponent; ++i) value *= p[j];
    return value;
  }
};

}  // namespace
}  // namespace tenon::cpu
