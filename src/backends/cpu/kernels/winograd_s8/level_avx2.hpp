// What the levels of AVX2 with and without dot products share of generic.hpp's Level.
#pragma once

#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/winograd_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct LevelBase {
  using Acc = __m256i;
  using Weights = __m256i;
  using X = __m256i;
  static constexpr int kLanes = 8;

  template <class From>
  static TENON_SIMD S8Words load(const From& from, S8Bytes flip) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from(0)));
    return (S8Words)_mm256_cvtepu8_epi16(_mm_xor_si128(bytes, (__m128i)flip));
  }
  static TENON_SIMD Acc zero() { return _mm256_setzero_si256(); }
  static TENON_SIMD Weights weights(const std::int16_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  }
  static TENON_SIMD X broadcast(const std::int16_t* x) {
    std::int32_t pair;
    std::memcpy(&pair, x, sizeof pair);
    return _mm256_set1_epi32(pair);
  }
  static TENON_SIMD void store(Acc sum, std::int32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sum);
  }
};

}  // namespace
}  // namespace tenon::cpu
