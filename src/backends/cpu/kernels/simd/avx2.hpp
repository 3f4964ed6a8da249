// The contract of simd/portable.hpp on AVX2 + FMA.
#pragma once

#include <immintrin.h>

#include <cstdint>

#define TENON_SIMD inline __attribute__((always_inline))

namespace tenon::cpu::simd {
namespace {

struct Mask {
  __m256 r;
};

// The first n lanes all ones, the others zero.
TENON_SIMD __m256i lane_mask(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

struct I32 {
  static constexpr int kLanes = 8;
  __m256i r;

  static TENON_SIMD I32 zero() { return {_mm256_setzero_si256()}; }
  static TENON_SIMD I32 set1(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
  static TENON_SIMD I32 load(const std::int32_t* p) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))};
  }
  static TENON_SIMD I32 load_n(const std::int32_t* p, int n) {
    return {_mm256_maskload_epi32(p, lane_mask(n))};
  }
  TENON_SIMD void store(std::int32_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), r); }
  TENON_SIMD void store_n(std::int32_t* p, int n) const { _mm256_maskstore_epi32(p, lane_mask(n), r); }
};

struct F32 {
  static constexpr int kLanes = 8;
  __m256 r;

  static TENON_SIMD F32 zero() { return {_mm256_setzero_ps()}; }
  static TENON_SIMD F32 set1(float x) { return {_mm256_set1_ps(x)}; }
  static TENON_SIMD F32 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static TENON_SIMD F32 load_n(const float* p, int n) { return {_mm256_maskload_ps(p, lane_mask(n))}; }
  TENON_SIMD void store(float* p) const { _mm256_storeu_ps(p, r); }
  TENON_SIMD void store_n(float* p, int n) const { _mm256_maskstore_ps(p, lane_mask(n), r); }
};

TENON_SIMD Mask operator&(Mask a, Mask b) { return {_mm256_and_ps(a.r, b.r)}; }
TENON_SIMD Mask operator|(Mask a, Mask b) { return {_mm256_or_ps(a.r, b.r)}; }
TENON_SIMD Mask operator~(Mask a) { return {_mm256_xor_ps(a.r, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
TENON_SIMD bool any(Mask a) { return _mm256_movemask_ps(a.r) != 0; }
TENON_SIMD Mask first_lanes(int n) { return {_mm256_castsi256_ps(lane_mask(n))}; }

TENON_SIMD F32 bits_to_float(I32 a) { return {_mm256_castsi256_ps(a.r)}; }
TENON_SIMD I32 float_to_bits(F32 a) { return {_mm256_castps_si256(a.r)}; }

TENON_SIMD I32 operator+(I32 a, I32 b) { return {_mm256_add_epi32(a.r, b.r)}; }
TENON_SIMD I32 operator-(I32 a, I32 b) { return {_mm256_sub_epi32(a.r, b.r)}; }
TENON_SIMD I32 operator&(I32 a, I32 b) { return {_mm256_and_si256(a.r, b.r)}; }
TENON_SIMD I32 operator|(I32 a, I32 b) { return {_mm256_or_si256(a.r, b.r)}; }
TENON_SIMD I32 operator^(I32 a, I32 b) { return {_mm256_xor_si256(a.r, b.r)}; }
template <int Bits>
TENON_SIMD I32 shift_left(I32 a) {
  return {_mm256_slli_epi32(a.r, Bits)};
}
template <int Bits>
TENON_SIMD I32 shift_right(I32 a) {
  return {_mm256_srai_epi32(a.r, Bits)};
}
template <int Bits>
TENON_SIMD I32 shift_right_logical(I32 a) {
  return {_mm256_srli_epi32(a.r, Bits)};
}

TENON_SIMD F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.r, b.r)}; }
TENON_SIMD F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.r, b.r)}; }
TENON_SIMD F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.r, b.r)}; }
TENON_SIMD F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.r, b.r)}; }
TENON_SIMD F32 operator-(F32 a) { return {_mm256_xor_ps(a.r, _mm256_set1_ps(-0.0F))}; }
TENON_SIMD F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.r, b.r, c.r)}; }

TENON_SIMD Mask operator<(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_LT_OQ)}; }
TENON_SIMD Mask operator<=(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_LE_OQ)}; }
TENON_SIMD Mask operator>(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_GT_OQ)}; }
TENON_SIMD Mask operator>=(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_GE_OQ)}; }
TENON_SIMD Mask operator==(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_EQ_OQ)}; }
TENON_SIMD Mask operator!=(F32 a, F32 b) { return {_mm256_cmp_ps(a.r, b.r, _CMP_NEQ_UQ)}; }

TENON_SIMD F32 select(Mask m, F32 a, F32 b) { return {_mm256_blendv_ps(b.r, a.r, m.r)}; }
TENON_SIMD I32 select(Mask m, I32 a, I32 b) {
  return float_to_bits(select(m, bits_to_float(a), bits_to_float(b)));
}

TENON_SIMD F32 min(F32 a, F32 b) { return {_mm256_min_ps(a.r, b.r)}; }
TENON_SIMD F32 max(F32 a, F32 b) { return {_mm256_max_ps(a.r, b.r)}; }
TENON_SIMD F32 abs(F32 a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.r)}; }
TENON_SIMD F32 copysign(F32 magnitude, F32 sign) {
  return {_mm256_or_ps(_mm256_and_ps(_mm256_set1_ps(-0.0F), sign.r), abs(magnitude).r)};
}
TENON_SIMD F32 sqrt(F32 a) { return {_mm256_sqrt_ps(a.r)}; }
TENON_SIMD F32 round(F32 a) { return {_mm256_round_ps(a.r, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
TENON_SIMD F32 floor(F32 a) { return {_mm256_floor_ps(a.r)}; }
TENON_SIMD F32 ceil(F32 a) { return {_mm256_ceil_ps(a.r)}; }
TENON_SIMD I32 to_int(F32 a) { return {_mm256_cvtps_epi32(a.r)}; }
TENON_SIMD F32 to_float(I32 a) { return {_mm256_cvtepi32_ps(a.r)}; }

TENON_SIMD float reduce_add(F32 a) {
  __m128 v = _mm_add_ps(_mm256_castps256_ps128(a.r), _mm256_extractf128_ps(a.r, 1));
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}
TENON_SIMD float reduce_max(F32 a) {
  __m128 v = _mm_max_ps(_mm256_castps256_ps128(a.r), _mm256_extractf128_ps(a.r, 1));
  v = _mm_max_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_max_ss(v, _mm_movehdup_ps(v)));
}
TENON_SIMD float reduce_min(F32 a) {
  __m128 v = _mm_min_ps(_mm256_castps256_ps128(a.r), _mm256_extractf128_ps(a.r, 1));
  v = _mm_min_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_min_ss(v, _mm_movehdup_ps(v)));
}

}  // namespace
}  // namespace tenon::cpu::simd
