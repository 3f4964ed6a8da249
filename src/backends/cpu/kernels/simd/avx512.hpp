// The contract of simd/portable.hpp on AVX-512 (F, BW, DQ, VL).
#pragma once

#include <immintrin.h>

#include <cstdint>

#define TENON_SIMD inline __attribute__((always_inline))

namespace tenon::cpu::simd {
namespace {

struct Mask {
  __mmask16 r;
};

// The first n lanes.
TENON_SIMD __mmask16 lane_mask(int n) { return static_cast<__mmask16>((1U << n) - 1U); }

struct I32 {
  static constexpr int kLanes = 16;
  __m512i r;

  static TENON_SIMD I32 zero() { return {_mm512_setzero_si512()}; }
  static TENON_SIMD I32 set1(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
  static TENON_SIMD I32 load(const std::int32_t* p) { return {_mm512_loadu_si512(p)}; }
  static TENON_SIMD I32 load_n(const std::int32_t* p, int n) {
    return {_mm512_maskz_loadu_epi32(lane_mask(n), p)};
  }
  TENON_SIMD void store(std::int32_t* p) const { _mm512_storeu_si512(p, r); }
  TENON_SIMD void store_n(std::int32_t* p, int n) const { _mm512_mask_storeu_epi32(p, lane_mask(n), r); }
};

struct F32 {
  static constexpr int kLanes = 16;
  __m512 r;

  static TENON_SIMD F32 zero() { return {_mm512_setzero_ps()}; }
  static TENON_SIMD F32 set1(float x) { return {_mm512_set1_ps(x)}; }
  static TENON_SIMD F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static TENON_SIMD F32 load_n(const float* p, int n) { return {_mm512_maskz_loadu_ps(lane_mask(n), p)}; }
  TENON_SIMD void store(float* p) const { _mm512_storeu_ps(p, r); }
  TENON_SIMD void store_n(float* p, int n) const { _mm512_mask_storeu_ps(p, lane_mask(n), r); }
};

TENON_SIMD Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.r & b.r)}; }
TENON_SIMD Mask operator|(Mask a, Mask b) { return {static_cast<__mmask16>(a.r | b.r)}; }
TENON_SIMD Mask operator~(Mask a) { return {static_cast<__mmask16>(~a.r)}; }
TENON_SIMD bool any(Mask a) { return a.r != 0; }
TENON_SIMD Mask first_lanes(int n) { return {lane_mask(n)}; }

TENON_SIMD F32 bits_to_float(I32 a) { return {_mm512_castsi512_ps(a.r)}; }
TENON_SIMD I32 float_to_bits(F32 a) { return {_mm512_castps_si512(a.r)}; }

TENON_SIMD I32 operator+(I32 a, I32 b) { return {_mm512_add_epi32(a.r, b.r)}; }
TENON_SIMD I32 operator-(I32 a, I32 b) { return {_mm512_sub_epi32(a.r, b.r)}; }
TENON_SIMD I32 operator&(I32 a, I32 b) { return {_mm512_and_si512(a.r, b.r)}; }
TENON_SIMD I32 operator|(I32 a, I32 b) { return {_mm512_or_si512(a.r, b.r)}; }
TENON_SIMD I32 operator^(I32 a, I32 b) { return {_mm512_xor_si512(a.r, b.r)}; }
// The explicit zeroed source keeps GCC 12 from warning about the undefined one in the unmasked form.
template <int Bits>
TENON_SIMD I32 shift_left(I32 a) {
  return {_mm512_maskz_slli_epi32(0xffff, a.r, Bits)};
}
template <int Bits>
TENON_SIMD I32 shift_right(I32 a) {
  return {_mm512_maskz_srai_epi32(0xffff, a.r, Bits)};
}
template <int Bits>
TENON_SIMD I32 shift_right_logical(I32 a) {
  return {_mm512_maskz_srli_epi32(0xffff, a.r, Bits)};
}

TENON_SIMD F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.r, b.r)}; }
TENON_SIMD F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.r, b.r)}; }
TENON_SIMD F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.r, b.r)}; }
TENON_SIMD F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.r, b.r)}; }
TENON_SIMD F32 operator-(F32 a) { return {_mm512_xor_ps(a.r, _mm512_set1_ps(-0.0F))}; }
TENON_SIMD F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.r, b.r, c.r)}; }

TENON_SIMD Mask operator<(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_LT_OQ)}; }
TENON_SIMD Mask operator<=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_LE_OQ)}; }
TENON_SIMD Mask operator>(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_GT_OQ)}; }
TENON_SIMD Mask operator>=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_GE_OQ)}; }
TENON_SIMD Mask operator==(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_EQ_OQ)}; }
TENON_SIMD Mask operator!=(F32 a, F32 b) { return {_mm512_cmp_ps_mask(a.r, b.r, _CMP_NEQ_UQ)}; }

TENON_SIMD F32 select(Mask m, F32 a, F32 b) { return {_mm512_mask_blend_ps(m.r, b.r, a.r)}; }
TENON_SIMD I32 select(Mask m, I32 a, I32 b) { return {_mm512_mask_blend_epi32(m.r, b.r, a.r)}; }

TENON_SIMD F32 min(F32 a, F32 b) { return {_mm512_maskz_min_ps(0xffff, a.r, b.r)}; }
TENON_SIMD F32 max(F32 a, F32 b) { return {_mm512_maskz_max_ps(0xffff, a.r, b.r)}; }
TENON_SIMD F32 abs(F32 a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0F), a.r)}; }
TENON_SIMD F32 copysign(F32 magnitude, F32 sign) {
  return {_mm512_or_ps(_mm512_and_ps(_mm512_set1_ps(-0.0F), sign.r), abs(magnitude).r)};
}
TENON_SIMD F32 sqrt(F32 a) { return {_mm512_maskz_sqrt_ps(0xffff, a.r)}; }
TENON_SIMD F32 round(F32 a) {
  return {_mm512_maskz_roundscale_ps(0xffff, a.r, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
TENON_SIMD F32 floor(F32 a) {
  return {_mm512_maskz_roundscale_ps(0xffff, a.r, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)};
}
TENON_SIMD F32 ceil(F32 a) {
  return {_mm512_maskz_roundscale_ps(0xffff, a.r, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)};
}
TENON_SIMD I32 to_int(F32 a) { return {_mm512_maskz_cvtps_epi32(0xffff, a.r)}; }
TENON_SIMD F32 to_float(I32 a) { return {_mm512_maskz_cvtepi32_ps(0xffff, a.r)}; }

template <int Half>
TENON_SIMD __m256 half(F32 a) {
  return _mm512_maskz_extractf32x8_ps(0xff, a.r, Half);
}
TENON_SIMD float reduce_add(F32 a) {
  const __m256 h = _mm256_add_ps(half<0>(a), half<1>(a));
  __m128 v = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}
TENON_SIMD float reduce_max(F32 a) {
  const __m256 h = _mm256_max_ps(half<0>(a), half<1>(a));
  __m128 v = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  v = _mm_max_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_max_ss(v, _mm_movehdup_ps(v)));
}
TENON_SIMD float reduce_min(F32 a) {
  const __m256 h = _mm256_min_ps(half<0>(a), half<1>(a));
  __m128 v = _mm_min_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  v = _mm_min_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_min_ss(v, _mm_movehdup_ps(v)));
}

}  // namespace
}  // namespace tenon::cpu::simd
