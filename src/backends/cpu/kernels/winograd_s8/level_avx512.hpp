// What the levels of AVX-512 with and without dot products share of generic.hpp's Level.
#pragma once

#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/winograd_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct LevelBase {
  using Acc = __m512i;
  using Weights = __m512i;
  using X = __m512i;
  static constexpr int kLanes = 16;

  template <class From>
  static TENON_SIMD S8Words load(const From& from, S8Bytes flip) {
    const __m256i bytes = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from(0)))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(from(1))), 1);
    return (S8Words)_mm512_maskz_cvtepu8_epi16(~__mmask32{0}, _mm256_xor_si256(bytes, (__m256i)flip));
  }
  static TENON_SIMD Acc zero() { return _mm512_setzero_si512(); }
  static TENON_SIMD Weights weights(const std::int16_t* w) { return _mm512_loadu_si512(w); }
  static TENON_SIMD X broadcast(const std::int16_t* x) {
    std::int32_t pair;
    std::memcpy(&pair, x, sizeof pair);
    return _mm512_set1_epi32(pair);
  }
  static TENON_SIMD void store(Acc sum, std::int32_t* to) { _mm512_storeu_si512(to, sum); }
};

}  // namespace
}  // namespace tenon::cpu
