// Elementary functions over the vector types of simd/. Include after exactly one level.
//
// Infinities, NaN, signed zeros and denormals are treated as C's <math.h> does. Errors are those of
// accuracy.inc (pointwise/), which a test measures. Polynomials are minimax fits by
// scripts/fit_polynomials.py; the first coefficient is the lowest power. A level without a fused multiply-add
// computes the functions that lean on it (sin, cos, tan) lane by lane with the C library.
#pragma once

#include <cmath>
#include <limits>

namespace tenon::cpu::simd {
namespace {

#if defined(__FMA__)
constexpr bool kFused = true;
#else
constexpr bool kFused = false;
#endif

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kLog2E = 1.44269504F;
constexpr float kLn2 = 0.693147181F;
// ln 2 in two parts; the product of the first with any exponent is exact.
constexpr float kLn2High = 0.693359375F;
constexpr float kLn2Low = -2.12194440e-4F;
constexpr float kHalfPi = 1.57079633F;
constexpr float kHalfPiLow = -4.37113883e-8F;
// Adding it leaves an integer in the low bits of the sum, rounded to nearest even.
constexpr float kIntegerShift = 12582912.0F;
constexpr std::int32_t kIntegerShiftBits = 0x4B400000;

constexpr float kExp[] = {0.5F, 0.166665196F, 0.0416663848F, 0.00836879481F, 0.00139420805F};
constexpr float kLog[] = {0.333333135F,  -0.249999791F, 0.200019985F,  -0.166696876F, 0.142240912F,
                          -0.123773597F, 0.118209079F,  -0.118223995F, 0.0709038749F};
constexpr float kErf[] = {0.128379166F,   -0.376126289F,    0.112836294F,   -0.0268559437F,
                          0.00519293686F, -0.000805583433F, 8.02233699e-05F};
constexpr float kErfTail[] = {-0.000183445401F, 1.12955689F,    0.633262575F,    0.108372495F,
                              -0.0251789801F,   0.00419361563F, -0.00043910736F, 2.1496202e-05F};
// -log2 of the normal distribution's share beyond a: 1 + a * polynomial.
constexpr float kNormalTail[] = {1.15110517F,     0.459208518F,    0.052495189F,    -0.00706200255F,
                                 0.000135852795F, 0.000186629753F, -3.9472663e-05F, 2.84287967e-06F};
constexpr float kNormalBound = 5.5F;  // beyond, the tail counts for nothing beside 1
constexpr float kSin[] = {-0.166666672F, 0.00833338033F, -0.000198534981F, 2.83739746e-06F};
constexpr float kCos[] = {0.0416666679F, -0.001388898F, 2.48219021e-05F, -2.88699425e-07F};
constexpr float kAsin[] = {0.166666597F,  0.0750052109F, 0.0445136391F,
                           0.0318360291F, 0.014329304F,  0.0376729518F};
constexpr float kAtan[] = {-0.333332986F, 0.199985296F,   -0.142640173F, 0.109508835F,   -0.0839929283F,
                           0.0578806326F, -0.0310955811F, 0.0108675193F, -0.00178245513F};
constexpr float kSinh[] = {0.166666672F, 0.00833331142F, 0.000198425987F, 2.78415109e-06F};
constexpr float kLog2Tail[] = {0.200000763F, 0.142735451F, 0.117098361F};

template <int N>
TENON_SIMD F32 polynomial(const float (&c)[N], F32 x) {
  F32 y = F32::set1(c[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = fma(y, x, F32::set1(c[i]));
  return y;
}

template <class F>
TENON_SIMD F32 map_lanes(F32 x, F f) {
  float lanes[F32::kLanes];
  x.store(lanes);
  for (float& lane : lanes) lane = f(lane);
  return F32::load(lanes);
}

template <class F>
TENON_SIMD F32 map_lanes(F32 x, F32 y, F f) {
  float a[F32::kLanes];
  float b[F32::kLanes];
  x.store(a);
  y.store(b);
  for (int i = 0; i < F32::kLanes; ++i) a[i] = f(a[i], b[i]);
  return F32::load(a);
}

// y * 2^n for -252 <= n <= 254, in two steps so that neither factor leaves the range of normal numbers.
TENON_SIMD F32 scale_by_power(F32 y, I32 n) {
  const I32 half = shift_right<1>(n);
  const I32 bias = I32::set1(127);
  return y * bits_to_float(shift_left<23>(half + bias)) * bits_to_float(shift_left<23>(n - half + bias));
}

// x = n ln 2 + r with |r| <= ln 2 / 2; tail = exp(r) - 1.
struct ExpParts {
  I32 n;
  F32 tail;
};

TENON_SIMD ExpParts exp_parts(F32 x) {
  const F32 shifted = fma(x, F32::set1(kLog2E), F32::set1(kIntegerShift));
  const F32 n = shifted - F32::set1(kIntegerShift);
  const F32 r = fma(n, F32::set1(-kLn2Low), fma(n, F32::set1(-kLn2High), x));
  return {float_to_bits(shifted) - I32::set1(kIntegerShiftBits), fma(r * r, polynomial(kExp, r), r)};
}

// exp(x) * 2^Shift; beyond the clamped range the result is 0 or infinite anyway.
template <int Shift = 0>
TENON_SIMD F32 exp_scaled(F32 x) {
  const ExpParts parts = exp_parts(max(F32::set1(-105.0F), min(F32::set1(91.0F), x)));
  return scale_by_power(F32::set1(1.0F) + parts.tail, parts.n + I32::set1(Shift));
}

TENON_SIMD F32 exp(F32 x) { return exp_scaled(x); }

// exp(x) for x <= 0, the share of an element in a sum to which the largest one contributes 1; 0 where that is
// less than the least normal number, which would not count, and which many processors compute a hundred times
// slower.
TENON_SIMD F32 exp_share(F32 x) {
  const F32 least = F32::set1(-87.0F);
  const ExpParts parts = exp_parts(max(least, x));
  const F32 power = bits_to_float(shift_left<23>(parts.n + I32::set1(127)));
  return select(x < least, F32::zero(), fma(power, parts.tail, power));
}

// exp(x) - 1 without the cancellation near 0.
TENON_SIMD F32 expm1(F32 x) {
  const ExpParts parts = exp_parts(max(F32::set1(-20.0F), min(F32::set1(89.0F), x)));
  const F32 half_scale = bits_to_float(shift_left<23>(parts.n + I32::set1(126)));
  const F32 half = fma(half_scale, parts.tail, half_scale - F32::set1(0.5F));
  return half + half;
}

TENON_SIMD F32 log(F32 x) {
  const Mask tiny = x < F32::set1(std::numeric_limits<float>::min());
  const I32 bits = float_to_bits(select(tiny, x * F32::set1(33554432.0F), x));
  const I32 exponent =
      shift_right<23>(bits - I32::set1(0x3f3504f3));  // the mantissa lies in [sqrt(1/2), sqrt(2))
  const F32 f = bits_to_float(bits - shift_left<23>(exponent)) - F32::set1(1.0F);
  const F32 e = to_float(exponent) - select(tiny, F32::set1(25.0F), F32::zero());
  const F32 square = f * f;
  F32 y = fma(e, F32::set1(kLn2Low), square * f * polynomial(kLog, f));
  y = f + fma(square, F32::set1(-0.5F), y);
  y = fma(e, F32::set1(kLn2High), y);
  y = select(x < F32::set1(kInfinity), y, x);
  y = select(x == F32::zero(), F32::set1(-kInfinity), y);
  return select(x < F32::zero(), F32::set1(kNan), y);
}

// log(1 + x): what rounding 1 + x loses comes back as a correction of first order.
TENON_SIMD F32 log1p(F32 x) {
  const F32 one = F32::set1(1.0F);
  const F32 u = one + x;
  const F32 back = u - one;
  const F32 lost = (one - (u - back)) + (x - back);
  const F32 y = log(u);
  return select((x > F32::set1(-1.0F)) & (u < F32::set1(kInfinity)), y + lost / u, y);
}

TENON_SIMD F32 sigmoid(F32 x) {
  const F32 one = F32::set1(1.0F);
  const F32 e = exp(-abs(x));
  return select(x < F32::zero(), e, one) / (one + e);
}

TENON_SIMD F32 tanh(F32 x) {
  const F32 a = min(F32::set1(10.0F), abs(x));
  const F32 e = expm1(a + a);
  return copysign(e / (e + F32::set1(2.0F)), x);
}

TENON_SIMD F32 sinh(F32 x) {
  const F32 a = abs(x);
  const F32 square = a * a;
  const F32 small = fma(a * square, polynomial(kSinh, square), a);
  const F32 half = exp_scaled<-1>(a);
  return copysign(select(a < F32::set1(1.0F), small, half - F32::set1(0.25F) / half), x);
}

TENON_SIMD F32 cosh(F32 x) {
  const F32 half = exp_scaled<-1>(abs(x));
  return half + F32::set1(0.25F) / half;
}

// Above this bound x^2 + 1 and x^2 are the same number.
constexpr float kHyperbolicBound = 16384.0F;

TENON_SIMD F32 asinh(F32 x) {
  const F32 one = F32::set1(1.0F);
  const F32 a = abs(x);
  const Mask big = a > F32::set1(kHyperbolicBound);
  const F32 square = a * a;
  const F32 y = log1p(select(big, a - one, a + square / (one + sqrt(square + one))));
  return copysign(y + select(big, F32::set1(kLn2), F32::zero()), x);
}

TENON_SIMD F32 acosh(F32 x) {
  const F32 one = F32::set1(1.0F);
  const Mask big = x > F32::set1(kHyperbolicBound);
  const F32 t = x - one;
  const F32 y = log1p(select(big, t, t + sqrt(t * (t + F32::set1(2.0F)))));
  return select(x < one, F32::set1(kNan), y + select(big, F32::set1(kLn2), F32::zero()));
}

TENON_SIMD F32 atanh(F32 x) {
  const F32 a = abs(x);
  return copysign(F32::set1(0.5F) * log1p((a + a) / (F32::set1(1.0F) - a)), x);
}

TENON_SIMD F32 erf(F32 x) {
  const F32 a = abs(x);
  const F32 near = fma(a, polynomial(kErf, a * a), a);
  const F32 far = F32::set1(1.0F) - exp(-polynomial(kErfTail, min(F32::set1(4.0F), a)));
  return copysign(select(a < F32::set1(0.955F), near, far), x);
}

// 2^-x for 0 <= x <= 126.
TENON_SIMD F32 exp2_share(F32 x) {
  const F32 shifted = F32::set1(kIntegerShift) - x;
  const F32 r = ((F32::set1(kIntegerShift) - shifted) - x) * F32::set1(kLn2);
  const F32 power = F32::set1(1.0F) + fma(r * r, polynomial(kExp, r), r);
  return bits_to_float(float_to_bits(power) + shift_left<23>(float_to_bits(shifted)));
}

// The share of the standard normal distribution that lies below x, within a unit of the last place of 1.
TENON_SIMD F32 normal_share(F32 x) {
  const F32 a = abs(x);
  const F32 one = F32::set1(1.0F);
  const F32 tail = exp2_share(fma(a, polynomial(kNormalTail, a), one));
  const F32 above = select(a < F32::set1(kNormalBound), tail, F32::zero());
  return select(x < F32::zero(), above, one - above);
}

// asin of a in [0, 1] as `base - factor * p`: p is the asin of s = a or, above 1/2, of sqrt((1 - a) / 2).
TENON_SIMD F32 asin_core(F32 a, Mask big) {
  const F32 z = select(big, (F32::set1(1.0F) - a) * F32::set1(0.5F), a * a);
  const F32 s = select(big, sqrt(z), a);
  return fma(s * z, polynomial(kAsin, z), s);
}

TENON_SIMD F32 asin(F32 x) {
  const F32 a = abs(x);
  const Mask big = a > F32::set1(0.5F);
  const F32 p = asin_core(a, big);
  const F32 folded = F32::set1(kHalfPi) - (p + p - F32::set1(kHalfPiLow));
  return copysign(select(big, folded, p), x);
}

TENON_SIMD F32 acos(F32 x) {
  const F32 a = abs(x);
  const Mask big = a > F32::set1(0.5F);
  const F32 p = asin_core(a, big);
  const F32 twice = p + p;
  const F32 far =
      select(x < F32::zero(), F32::set1(2.0F * kHalfPi) - (twice - F32::set1(2.0F * kHalfPiLow)), twice);
  return select(big, far, F32::set1(kHalfPi) - (copysign(p, x) - F32::set1(kHalfPiLow)));
}

TENON_SIMD F32 atan(F32 x) {
  const F32 a = abs(x);
  const Mask big = a > F32::set1(1.0F);
  const F32 t = select(big, F32::set1(1.0F) / a, a);
  const F32 z = t * t;
  const F32 p = fma(t * z, polynomial(kAtan, z), t);
  return copysign(select(big, F32::set1(kHalfPi) - (p - F32::set1(kHalfPiLow)), p), x);
}

// x = quadrant * pi / 2 + rest, by three parts of pi / 2 under a fused multiply-add; good below kTrigLimit.
constexpr float kTrigLimit = 1048576.0F;

struct Angle {
  I32 quadrant;
  F32 sin;
  F32 cos;
};

TENON_SIMD Angle reduce_angle(F32 x) {
  const F32 shifted = fma(x, F32::set1(0.636619772F), F32::set1(kIntegerShift));
  const F32 k = shifted - F32::set1(kIntegerShift);
  F32 r = fma(k, F32::set1(-kHalfPi), x);
  r = fma(k, F32::set1(-kHalfPiLow), r);
  r = fma(k, F32::set1(1.71512451e-15F), r);
  const F32 z = r * r;
  const F32 s = fma(r * z, polynomial(kSin, z), r);
  const F32 c = fma(z * z, polynomial(kCos, z), fma(z, F32::set1(-0.5F), F32::set1(1.0F)));
  return {float_to_bits(shifted) - I32::set1(kIntegerShiftBits), s, c};
}

// Whether bit 0 is set (a comparison of floats, as the wrapper compares nothing else).
TENON_SIMD Mask is_odd(I32 n) { return bits_to_float(shift_left<29>(n & I32::set1(1))) != F32::zero(); }
TENON_SIMD F32 flip_sign_by_bit1(F32 x, I32 n) {
  return bits_to_float(float_to_bits(x) ^ shift_left<30>(n & I32::set1(2)));
}

TENON_SIMD F32 sin(F32 x) {
  const auto scalar = [](float v) { return static_cast<float>(std::sin(static_cast<double>(v))); };
  if (!kFused || any(abs(x) > F32::set1(kTrigLimit))) return map_lanes(x, scalar);
  const Angle a = reduce_angle(x);
  return select(x == F32::zero(), x, flip_sign_by_bit1(select(is_odd(a.quadrant), a.cos, a.sin), a.quadrant));
}

TENON_SIMD F32 cos(F32 x) {
  const auto scalar = [](float v) { return static_cast<float>(std::cos(static_cast<double>(v))); };
  if (!kFused || any(abs(x) > F32::set1(kTrigLimit))) return map_lanes(x, scalar);
  const Angle a = reduce_angle(x);
  return flip_sign_by_bit1(select(is_odd(a.quadrant), a.sin, a.cos), a.quadrant + I32::set1(1));
}

TENON_SIMD F32 tan(F32 x) {
  const auto scalar = [](float v) { return static_cast<float>(std::tan(static_cast<double>(v))); };
  if (!kFused || any(abs(x) > F32::set1(kTrigLimit))) return map_lanes(x, scalar);
  const Angle a = reduce_angle(x);
  const Mask odd = is_odd(a.quadrant);
  return select(x == F32::zero(), x, select(odd, -a.cos, a.sin) / select(odd, a.sin, a.cos));
}

// high + low: a sum of two floats that stands for about 48 bits.
struct Pair {
  F32 high;
  F32 low;
};

TENON_SIMD Pair exact_sum(F32 a, F32 b) {
  const F32 s = a + b;
  const F32 back = s - a;
  return {s, (a - (s - back)) + (b - back)};
}

TENON_SIMD Pair exact_product(F32 a, F32 b) {
  const F32 p = a * b;
  if constexpr (kFused) {
    return {p, fma(a, b, -p)};
  } else {  // products of 12-bit halves are exact
    const I32 head = I32::set1(static_cast<std::int32_t>(0xfffff000U));
    const F32 ah = bits_to_float(float_to_bits(a) & head);
    const F32 bh = bits_to_float(float_to_bits(b) & head);
    const F32 al = a - ah;
    const F32 bl = b - bh;
    return {p, (((ah * bh - p) + ah * bl) + al * bh) + al * bl};
  }
}

// log2 of a finite a > 0: with s = (m - 1) / (m + 1), log2(m) = 2 / ln 2 * (s + s^3 / 3 + s^5 / 5 ...).
TENON_SIMD Pair log2_pair(F32 a) {
  const F32 one = F32::set1(1.0F);
  const Mask tiny = a < F32::set1(std::numeric_limits<float>::min());
  const I32 bits = float_to_bits(select(tiny, a * F32::set1(33554432.0F), a));
  const I32 exponent = shift_right<23>(bits - I32::set1(0x3f3504f3));
  const F32 m = bits_to_float(bits - shift_left<23>(exponent));
  const F32 e = to_float(exponent) - select(tiny, F32::set1(25.0F), F32::zero());

  const F32 num = m - one;
  const Pair den = exact_sum(m, one);
  const F32 s = num / den.high;
  const Pair back = exact_product(s, den.high);
  const F32 s_low = (((num - back.high) - back.low) - s * den.low) / den.high;

  // 2 / ln 2 and a third of it, each in two floats. The cubic term needs them, too: pow multiplies its error
  // by up to 2^8.
  const F32 c = F32::set1(2.88539004F);
  const F32 c_low = F32::set1(3.85193510e-8F);
  const F32 third = F32::set1(0.961796701F);
  const F32 third_low = F32::set1(-7.02846181e-9F);

  const Pair linear = exact_product(s, c);
  const F32 linear_low = linear.low + fma(s, c_low, s_low * c);
  const Pair square = exact_product(s, s);
  const F32 square_low = fma(s + s, s_low, square.low);
  const Pair cube = exact_product(s, square.high);
  const F32 cube_low = fma(s, square_low, fma(s_low, square.high, cube.low));
  const Pair cubic = exact_product(cube.high, third);
  const F32 cubic_low = fma(cube_low, third, fma(cube.high, third_low, cubic.low));
  const F32 series = c * cube.high * square.high * polynomial(kLog2Tail, square.high);

  const Pair front = exact_sum(linear.high, cubic.high);
  const F32 rest = (linear_low + cubic_low) + (front.low + series);
  const Pair sum = exact_sum(e, front.high);
  return exact_sum(sum.high, sum.low + rest);
}

// 2^(high + low) for |high| <= 160.
TENON_SIMD F32 exp2_pair(F32 high, F32 low) {
  const F32 shifted = high + F32::set1(kIntegerShift);
  const F32 r = ((high - (shifted - F32::set1(kIntegerShift))) + low) * F32::set1(kLn2);
  const F32 tail = fma(r * r, polynomial(kExp, r), r);
  return scale_by_power(F32::set1(1.0F) + tail, float_to_bits(shifted) - I32::set1(kIntegerShiftBits));
}

TENON_SIMD F32 pow(F32 x, F32 y) {
  const F32 zero = F32::zero();
  const F32 one = F32::set1(1.0F);
  const F32 infinity = F32::set1(kInfinity);
  const F32 a = abs(x);

  // A y beyond 2^31 means 0, 1 or infinity for every x.
  const F32 bound = F32::set1(2147483648.0F);
  const F32 power = max(-bound, min(bound, y));
  const Pair l = log2_pair(a);
  const Pair product = exact_product(l.high, power);
  const F32 limit = F32::set1(160.0F);
  const F32 low = max(-one, min(one, fma(l.low, power, product.low)));
  F32 r = exp2_pair(max(-limit, min(limit, product.high)), low);

  const Mask negative_y = y < zero;
  r = select(a == zero, select(negative_y, infinity, zero), r);
  r = select(a == infinity, select(negative_y, zero, infinity), r);
  r = select(a == one, one, r);

  // Floats from 2^24 on are even integers.
  const F32 big = F32::set1(16777216.0F);
  const F32 y_small = select(abs(y) < big, y, zero);
  const F32 half = y_small * F32::set1(0.5F);
  const Mask integer = round(y_small) == y_small;
  const Mask odd = integer & (round(half) != half);
  const Mask negative_x = copysign(one, x) < zero;
  r = select(odd & negative_x, -r, r);
  r = select((x < zero) & (x > -infinity) & ~integer, F32::set1(kNan), r);

  r = select(x != x, x, r);
  r = select(y != y, y, r);
  return select((y == zero) | (x == one), one, r);
}

}  // namespace
}  // namespace tenon::cpu::simd
