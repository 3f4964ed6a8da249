// Values of 16 bits at the edges of loops over F32: overloads of
//
//   load(p)  load_n(p, n)  store(p, v)  store_n(p, v, n)
//
// for pointers to float, bfloat16 and float16. Loading is exact. Storing rounds to nearest even as
// base/half.hpp does, subnormal numbers included; NaN stays NaN. Include after one of simd/.
#pragma once

#include "base/half.hpp"

#include <cstring>

namespace tenon::cpu::simd {
namespace {

TENON_SIMD F32 load(const float* p) { return F32::load(p); }
TENON_SIMD F32 load_n(const float* p, int n) { return F32::load_n(p, n); }
TENON_SIMD void store(float* p, F32 v) { v.store(p); }
TENON_SIMD void store_n(float* p, F32 v, int n) { v.store_n(p, n); }

// The bits of the bfloat16, in the lower half of each lane.
TENON_SIMD I32 bfloat16_bits(F32 a) {
  const I32 bits = float_to_bits(a);
  const I32 odd = shift_right_logical<16>(bits) & I32::set1(1);
  const I32 rounded = bits + I32::set1(0x7fff) + odd;
  return shift_right_logical<16>(select(a != a, bits | I32::set1(0x400000), rounded));
}

// Half: as many elements of 16 bits as F32 has lanes; lower_halves takes them from the lanes of an I32.
#if defined(__AVX512F__)

using Half = __m256i;
TENON_SIMD Half load_half(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
TENON_SIMD Half load_half(const void* p, int n) { return _mm256_maskz_loadu_epi16(lane_mask(n), p); }
TENON_SIMD void store_half(void* p, Half h) { _mm256_storeu_si256(static_cast<__m256i*>(p), h); }
TENON_SIMD void store_half(void* p, Half h, int n) { _mm256_mask_storeu_epi16(p, lane_mask(n), h); }

TENON_SIMD F32 from_bfloat16(Half h) {
  return bits_to_float(shift_left<16>(I32{_mm512_maskz_cvtepu16_epi32(0xffff, h)}));
}
TENON_SIMD F32 from_float16(Half h) { return {_mm512_maskz_cvtph_ps(0xffff, h)}; }
TENON_SIMD Half lower_halves(I32 a) { return _mm512_maskz_cvtepi32_epi16(0xffff, a.r); }
TENON_SIMD Half to_bfloat16(F32 a) {
#if defined(__AVX512BF16__)
  // The instruction takes subnormal numbers for zero.
  constexpr int kSubnormal = 0x20;
  if (__builtin_expect(_mm512_fpclass_ps_mask(a.r, kSubnormal) == 0, 1))
    return (__m256i)_mm512_maskz_cvtneps_pbh(0xffff, a.r);
#endif
  return lower_halves(bfloat16_bits(a));
}
TENON_SIMD Half to_float16(F32 a) { return _mm512_maskz_cvtps_ph(0xffff, a.r, _MM_FROUND_TO_NEAREST_INT); }

#elif defined(__AVX2__)

using Half = __m128i;
TENON_SIMD Half load_half(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
TENON_SIMD void store_half(void* p, Half h) { _mm_storeu_si128(static_cast<__m128i*>(p), h); }

TENON_SIMD F32 from_bfloat16(Half h) { return bits_to_float(shift_left<16>(I32{_mm256_cvtepu16_epi32(h)})); }
TENON_SIMD F32 from_float16(Half h) { return {_mm256_cvtph_ps(h)}; }
TENON_SIMD Half lower_halves(I32 a) {
  const __m256i low = _mm256_and_si256(a.r, _mm256_set1_epi32(0xFFFF));
  return _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
}
TENON_SIMD Half to_bfloat16(F32 a) { return lower_halves(bfloat16_bits(a)); }
TENON_SIMD Half to_float16(F32 a) { return _mm256_cvtps_ph(a.r, _MM_FROUND_TO_NEAREST_INT); }

#else

struct Half {
  std::uint16_t bits[F32::kLanes];
};
TENON_SIMD Half load_half(const void* p) {
  Half h;
  std::memcpy(&h, p, sizeof h);
  return h;
}
TENON_SIMD void store_half(void* p, Half h) { std::memcpy(p, &h, sizeof h); }

TENON_SIMD F32 from_bfloat16(Half h) {
  I32 bits = I32::zero();
  for (int i = 0; i < F32::kLanes; ++i) bits.r[i] = h.bits[i];
  return bits_to_float(shift_left<16>(bits));
}
TENON_SIMD F32 from_float16(Half h) {
  F32 v = F32::zero();
  for (int i = 0; i < F32::kLanes; ++i) v.r[i] = static_cast<float>(float16::from_bits(h.bits[i]));
  return v;
}
TENON_SIMD Half lower_halves(I32 a) {
  Half h;
  for (int i = 0; i < F32::kLanes; ++i) h.bits[i] = static_cast<std::uint16_t>(a.r[i]);
  return h;
}
TENON_SIMD Half to_bfloat16(F32 a) { return lower_halves(bfloat16_bits(a)); }
TENON_SIMD Half to_float16(F32 a) {
  Half h;
  for (int i = 0; i < F32::kLanes; ++i) h.bits[i] = float16(a.r[i]).bits;
  return h;
}

#endif

#if !defined(__AVX512F__)
TENON_SIMD Half load_half(const void* p, int n) {
  std::uint16_t elements[F32::kLanes] = {};
  std::memcpy(elements, p, static_cast<std::size_t>(n) * sizeof(elements[0]));
  return load_half(elements);
}
TENON_SIMD void store_half(void* p, Half h, int n) {
  std::uint16_t elements[F32::kLanes];
  store_half(elements, h);
  std::memcpy(p, elements, static_cast<std::size_t>(n) * sizeof(elements[0]));
}
#endif

TENON_SIMD F32 load(const bfloat16* p) { return from_bfloat16(load_half(p)); }
TENON_SIMD F32 load_n(const bfloat16* p, int n) { return from_bfloat16(load_half(p, n)); }
TENON_SIMD void store(bfloat16* p, F32 v) { store_half(p, to_bfloat16(v)); }
TENON_SIMD void store_n(bfloat16* p, F32 v, int n) { store_half(p, to_bfloat16(v), n); }

TENON_SIMD F32 load(const float16* p) { return from_float16(load_half(p)); }
TENON_SIMD F32 load_n(const float16* p, int n) { return from_float16(load_half(p, n)); }
TENON_SIMD void store(float16* p, F32 v) { store_half(p, to_float16(v)); }
TENON_SIMD void store_n(float16* p, F32 v, int n) { store_half(p, to_float16(v), n); }

}  // namespace
}  // namespace tenon::cpu::simd
