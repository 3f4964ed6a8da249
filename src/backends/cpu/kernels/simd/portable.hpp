// The vector types kernels are written against, for machines without a header of their own. The contract
// below holds for every file of this folder; a kernel file includes exactly one of them and instantiates its
// templates with simd::F32.
//
//   F32   kLanes floats        zero() set1(x) load(p) load_n(p, n) store(p) store_n(p, n)
//   I32   kLanes int32         the same
//   Mask  kLanes truth values  from comparisons and first_lanes(n); & | ~ any(m)
//
// load_n reads the first n <= kLanes elements and fills the rest with zero; store_n writes exactly n
// elements. No alignment is required anywhere. fma(a, b, c) = a * b + c, rounded once where the machine can
// and twice here. min(a, b) = a < b ? a : b and max(a, b) = a > b ? a : b, so a NaN in b comes through and
// one in a does not. round() is to nearest even, as is to_int(); both expect |x| < 2^31.
//
// Everything lives in an anonymous namespace: templates over these types get internal linkage, and the linker
// cannot let code compiled for one level stand in for that of another.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#define TENON_SIMD inline __attribute__((always_inline))

namespace tenon::cpu::simd {
namespace {

struct Mask {
  using Reg [[gnu::vector_size(16)]] = std::int32_t;
  Reg r;
};

struct I32 {
  static constexpr int kLanes = 4;
  using Reg [[gnu::vector_size(16)]] = std::int32_t;
  using Unsigned [[gnu::vector_size(16)]] = std::uint32_t;
  Reg r;

  static TENON_SIMD I32 zero() { return {Reg{0, 0, 0, 0}}; }
  static TENON_SIMD I32 set1(std::int32_t x) { return {Reg{x, x, x, x}}; }
  static TENON_SIMD I32 load(const std::int32_t* p) {
    I32 v;
    std::memcpy(&v.r, p, sizeof v.r);
    return v;
  }
  static TENON_SIMD I32 load_n(const std::int32_t* p, int n) {
    std::int32_t lanes[kLanes] = {};
    std::memcpy(lanes, p, sizeof(std::int32_t) * static_cast<std::size_t>(n));
    return load(lanes);
  }
  TENON_SIMD void store(std::int32_t* p) const { std::memcpy(p, &r, sizeof r); }
  TENON_SIMD void store_n(std::int32_t* p, int n) const {
    for (int i = 0; i < kLanes; ++i) {
      if (i < n) p[i] = r[i];
    }
  }
};

struct F32 {
  static constexpr int kLanes = 4;
  using Reg [[gnu::vector_size(16)]] = float;
  Reg r;

  static TENON_SIMD F32 zero() { return {Reg{0, 0, 0, 0}}; }
  static TENON_SIMD F32 set1(float x) { return {Reg{x, x, x, x}}; }
  static TENON_SIMD F32 load(const float* p) {
    F32 v;
    std::memcpy(&v.r, p, sizeof v.r);
    return v;
  }
  static TENON_SIMD F32 load_n(const float* p, int n) {
    F32 v = zero();
    for (int i = 0; i < kLanes; ++i) {
      if (i < n) v.r[i] = p[i];
    }
    return v;
  }
  TENON_SIMD void store(float* p) const { std::memcpy(p, &r, sizeof r); }
  TENON_SIMD void store_n(float* p, int n) const {
    for (int i = 0; i < kLanes; ++i) {
      if (i < n) p[i] = r[i];
    }
  }
};

TENON_SIMD Mask operator&(Mask a, Mask b) { return {a.r & b.r}; }
TENON_SIMD Mask operator|(Mask a, Mask b) { return {a.r | b.r}; }
TENON_SIMD Mask operator~(Mask a) { return {~a.r}; }
TENON_SIMD bool any(Mask a) { return (a.r[0] | a.r[1] | a.r[2] | a.r[3]) != 0; }
TENON_SIMD Mask first_lanes(int n) { return {Mask::Reg{0, 1, 2, 3} < Mask::Reg{n, n, n, n}}; }

TENON_SIMD F32 bits_to_float(I32 a) { return {(F32::Reg)a.r}; }
TENON_SIMD I32 float_to_bits(F32 a) { return {(I32::Reg)a.r}; }

TENON_SIMD I32 operator+(I32 a, I32 b) { return {a.r + b.r}; }
TENON_SIMD I32 operator-(I32 a, I32 b) { return {a.r - b.r}; }
TENON_SIMD I32 operator&(I32 a, I32 b) { return {a.r & b.r}; }
TENON_SIMD I32 operator|(I32 a, I32 b) { return {a.r | b.r}; }
TENON_SIMD I32 operator^(I32 a, I32 b) { return {a.r ^ b.r}; }
template <int Bits>
TENON_SIMD I32 shift_left(I32 a) {
  return {(I32::Reg)((I32::Unsigned)a.r << Bits)};
}
template <int Bits>
TENON_SIMD I32 shift_right(I32 a) {  // arithmetic
  return {a.r >> Bits};
}
template <int Bits>
TENON_SIMD I32 shift_right_logical(I32 a) {
  return {(I32::Reg)((I32::Unsigned)a.r >> Bits)};
}

TENON_SIMD F32 operator+(F32 a, F32 b) { return {a.r + b.r}; }
TENON_SIMD F32 operator-(F32 a, F32 b) { return {a.r - b.r}; }
TENON_SIMD F32 operator*(F32 a, F32 b) { return {a.r * b.r}; }
TENON_SIMD F32 operator/(F32 a, F32 b) { return {a.r / b.r}; }
TENON_SIMD F32 operator-(F32 a) { return {-a.r}; }
TENON_SIMD F32 fma(F32 a, F32 b, F32 c) { return {a.r * b.r + c.r}; }

TENON_SIMD Mask operator<(F32 a, F32 b) { return {a.r < b.r}; }
TENON_SIMD Mask operator<=(F32 a, F32 b) { return {a.r <= b.r}; }
TENON_SIMD Mask operator>(F32 a, F32 b) { return {a.r > b.r}; }
TENON_SIMD Mask operator>=(F32 a, F32 b) { return {a.r >= b.r}; }
TENON_SIMD Mask operator==(F32 a, F32 b) { return {a.r == b.r}; }
TENON_SIMD Mask operator!=(F32 a, F32 b) { return {a.r != b.r}; }

TENON_SIMD I32 select(Mask m, I32 a, I32 b) { return {(m.r & a.r) | (~m.r & b.r)}; }
TENON_SIMD F32 select(Mask m, F32 a, F32 b) {
  return bits_to_float(select(m, float_to_bits(a), float_to_bits(b)));
}

TENON_SIMD F32 min(F32 a, F32 b) { return select(a < b, a, b); }
TENON_SIMD F32 max(F32 a, F32 b) { return select(a > b, a, b); }
TENON_SIMD F32 abs(F32 a) { return bits_to_float(float_to_bits(a) & I32::set1(0x7fffffff)); }
TENON_SIMD F32 copysign(F32 magnitude, F32 sign) {
  const I32 top = I32::set1(INT32_MIN);
  return bits_to_float((float_to_bits(sign) & top) | float_to_bits(abs(magnitude)));
}
TENON_SIMD F32 sqrt(F32 a) {
  F32 v = a;
  for (int i = 0; i < F32::kLanes; ++i) v.r[i] = __builtin_sqrtf(a.r[i]);
  return v;
}
// Adding and subtracting 2^23 leaves no room for a fraction; beyond it (and for NaN) there is none.
TENON_SIMD F32 round(F32 a) {
  const F32 limit = F32::set1(8388608.0F);
  const F32 shift = copysign(limit, a);
  return select(abs(a) < limit, copysign((a + shift) - shift, a), a);
}
TENON_SIMD F32 floor(F32 a) {
  const F32 r = round(a);
  return select(r > a, r - F32::set1(1.0F), r);
}
TENON_SIMD F32 ceil(F32 a) {
  const F32 r = round(a);
  return copysign(select(r < a, r + F32::set1(1.0F), r), a);
}
TENON_SIMD I32 to_int(F32 a) {
  const F32 x = round(a);
  I32 v = I32::zero();
  for (int i = 0; i < F32::kLanes; ++i) {
    const bool fits = x.r[i] >= -2147483648.0F && x.r[i] < 2147483648.0F;
    v.r[i] = fits ? static_cast<std::int32_t>(x.r[i]) : std::numeric_limits<std::int32_t>::min();
  }
  return v;
}
TENON_SIMD F32 to_float(I32 a) {
  F32 v = F32::zero();
  for (int i = 0; i < F32::kLanes; ++i) v.r[i] = static_cast<float>(a.r[i]);
  return v;
}

TENON_SIMD float reduce_add(F32 a) { return (a.r[0] + a.r[2]) + (a.r[1] + a.r[3]); }
TENON_SIMD float reduce_max(F32 a) {
  float m = a.r[0];
  for (int i = 1; i < F32::kLanes; ++i) m = m > a.r[i] ? m : a.r[i];
  return m;
}
TENON_SIMD float reduce_min(F32 a) {
  float m = a.r[0];
  for (int i = 1; i < F32::kLanes; ++i) m = m < a.r[i] ? m : a.r[i];
  return m;
}

}  // namespace
}  // namespace tenon::cpu::simd
