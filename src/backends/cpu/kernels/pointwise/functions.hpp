// For kernel files: the functions of ir/pointwise_functions.inc over one vector type. Each is a struct of the
// function's name with `of`; those without one (bit operations) have no float form. Include after one of
// simd/.
#pragma once

#include "backends/cpu/kernels/simd/math.hpp"

#include <cmath>

namespace tenon::cpu::pointwise_functions {
namespace {

using V = simd::F32;
using simd::Mask;

struct Parameters {
  float alpha;
  float beta;
};

TENON_SIMD V value(float x) { return V::set1(x); }
TENON_SIMD V truth(Mask m) { return select(m, value(1.0F), V::zero()); }
TENON_SIMD Mask holds(V x) { return x != V::zero(); }

#define TENON_UNARY(name, ...)                                                         \
  struct name {                                                                        \
    static TENON_SIMD V of(V x, [[maybe_unused]] Parameters p) { return __VA_ARGS__; } \
  };
#define TENON_BINARY(name, ...)                                                             \
  struct name {                                                                             \
    static TENON_SIMD V of(V x, V y, [[maybe_unused]] Parameters p) { return __VA_ARGS__; } \
  };
#define TENON_NO_FLOAT_FORM(name) \
  struct name {};

TENON_BINARY(add, x + y)
TENON_BINARY(sub, x - y)
TENON_BINARY(mul, x* y)
TENON_BINARY(div, x / y)
TENON_BINARY(fmod, simd::map_lanes(x, y, [](float a, float b) { return std::fmod(a, b); }))
TENON_BINARY(pow, simd::pow(x, y))
// simd::min keeps a NaN of its second operand only.
TENON_BINARY(min, select(x == x, simd::min(x, y), x))
TENON_BINARY(max, select(x == x, simd::max(x, y), x))
TENON_BINARY(prelu, select(x < V::zero(), x* y, x))
struct mod {
  static TENON_SIMD V of(V x, V y, Parameters) {
    return simd::map_lanes(x, y, [](float a, float b) {
      const float r = std::fmod(a, b);
      return r != 0.0F && (r < 0.0F) != (b < 0.0F) ? r + b : std::copysign(r, r != 0.0F ? r : b);
    });
  }
};
TENON_NO_FLOAT_FORM(bit_and)
TENON_NO_FLOAT_FORM(bit_or)
TENON_NO_FLOAT_FORM(bit_xor)
TENON_NO_FLOAT_FORM(bit_not)
TENON_NO_FLOAT_FORM(shift_left)
TENON_NO_FLOAT_FORM(shift_right)

TENON_UNARY(neg, -x)
TENON_UNARY(abs, simd::abs(x))
TENON_UNARY(sign, select(x > V::zero(), value(1.0F),
                         select(x < V::zero(), value(-1.0F), select(x == x, V::zero(), x))))
TENON_UNARY(reciprocal, value(1.0F) / x)
TENON_UNARY(sqrt, simd::sqrt(x))
TENON_UNARY(square, x* x)
TENON_UNARY(exp, simd::exp(x))
TENON_UNARY(log, simd::log(x))
TENON_UNARY(erf, simd::erf(x))
TENON_UNARY(floor, simd::floor(x))
TENON_UNARY(ceil, simd::ceil(x))
TENON_UNARY(round, simd::round(x))
TENON_UNARY(sin, simd::sin(x))
TENON_UNARY(cos, simd::cos(x))
TENON_UNARY(tan, simd::tan(x))
TENON_UNARY(asin, simd::asin(x))
TENON_UNARY(acos, simd::acos(x))
TENON_UNARY(atan, simd::atan(x))
TENON_UNARY(sinh, simd::sinh(x))
TENON_UNARY(cosh, simd::cosh(x))
TENON_UNARY(tanh, simd::tanh(x))
TENON_UNARY(asinh, simd::asinh(x))
TENON_UNARY(acosh, simd::acosh(x))
TENON_UNARY(atanh, simd::atanh(x))

TENON_UNARY(relu, simd::max(V::zero(), x))
TENON_UNARY(clip, simd::min(value(p.beta), simd::max(value(p.alpha), x)))
TENON_UNARY(leaky_relu, select(x < V::zero(), x* value(p.alpha), x))
TENON_UNARY(thresholded_relu, select(x > value(p.alpha), x, select(x == x, V::zero(), x)))
TENON_UNARY(elu, select(x < V::zero(), value(p.alpha) * simd::expm1(x), x))
TENON_UNARY(celu, select(x < V::zero(), value(p.alpha) * simd::expm1(x / value(p.alpha)), x))
TENON_UNARY(selu, value(p.beta) * select(x < V::zero(), value(p.alpha) * simd::expm1(x), x))
TENON_UNARY(sigmoid, simd::sigmoid(x))
TENON_UNARY(hard_sigmoid, simd::min(value(1.0F), simd::max(V::zero(), fma(value(p.alpha), x, value(p.beta)))))
TENON_UNARY(hard_swish,
            x* simd::min(value(1.0F), simd::max(V::zero(), fma(x, value(1.0F / 6.0F), value(0.5F)))))
TENON_UNARY(silu, x* simd::sigmoid(value(p.alpha) * x))
TENON_UNARY(softplus, simd::max(V::zero(), x) + simd::log1p(simd::exp(-simd::abs(x))))
TENON_UNARY(softsign, x / (value(1.0F) + simd::abs(x)))
TENON_UNARY(gelu, x* simd::normal_share(x))
TENON_UNARY(shrink, select(x > value(p.alpha), x - value(p.beta),
                           select(x < value(-p.alpha), x + value(p.beta), select(x == x, V::zero(), x))))
// tanh(log(1 + e)) as a quotient of polynomials in e = exp(x); beyond 20 the quotient is 1.
struct mish {
  static TENON_SIMD V of(V x, Parameters) {
    const V e = simd::exp(simd::min(value(20.0F), x));
    const V n = e * (e + value(2.0F));
    return x * (n / (n + value(2.0F)));
  }
};
// (1 + tanh(u)) / 2 = sigmoid(2 u)
struct gelu_tanh {
  static TENON_SIMD V of(V x, Parameters) {
    const V twice = x * fma(x * x, value(0.0713548163F), value(1.59576912F));
    return x * simd::sigmoid(twice);
  }
};

TENON_BINARY(equal, truth(x == y))
TENON_BINARY(less, truth(x < y))
TENON_BINARY(less_equal, truth(x <= y))
TENON_BINARY(greater, truth(x > y))
TENON_BINARY(greater_equal, truth(x >= y))
TENON_BINARY(logical_and, truth(holds(x) & holds(y)))
TENON_BINARY(logical_or, truth(holds(x) | holds(y)))
TENON_BINARY(logical_xor, truth(truth(holds(x)) != truth(holds(y))))
TENON_UNARY(logical_not, truth(x == V::zero()))
TENON_UNARY(is_nan, truth(x != x))
TENON_UNARY(is_inf, value(p.alpha != 0.0F ? 1.0F : 0.0F) * truth(x == value(-simd::kInfinity)) +
                        value(p.beta != 0.0F ? 1.0F : 0.0F) * truth(x == value(simd::kInfinity)))
struct where {
  static TENON_SIMD V of(V condition, V x, V y, Parameters) { return select(holds(condition), x, y); }
};

#undef TENON_UNARY
#undef TENON_BINARY
#undef TENON_NO_FLOAT_FORM

}  // namespace
}  // namespace tenon::cpu::pointwise_functions
