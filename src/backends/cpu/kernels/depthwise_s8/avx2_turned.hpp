// Four pixels of 16 channels, turned to two halves of [8 c][4 pixels], on AVX2. Include after bytes/avx2.hpp.
#pragma once

#include "backends/cpu/kernels/depthwise_s8/edge.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

struct TurnedPixels {
  simd::I32 part[2];
};

TENON_SIMD TurnedPixels turned_pixels(const std::uint8_t* pixels, std::uint8_t flip) {
  const __m256i flips = _mm256_set1_epi8(static_cast<char>(flip));
  // Fours of channels 0, 2 | 1, 3 of two pixels side by side, then those of two more behind each.
  const __m256i fours = _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7);
  const __m256i bytes =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  const auto pair = [&](const std::uint8_t* p) TENON_INLINE_LAMBDA {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm256_permutevar8x32_epi32(_mm256_xor_si256(x, flips), fours);
  };
  const __m256i ab = pair(pixels), cd = pair(pixels + 32);
  return {{{_mm256_shuffle_epi8(_mm256_unpacklo_epi64(ab, cd), bytes)},
           {_mm256_shuffle_epi8(_mm256_unpackhi_epi64(ab, cd), bytes)}}};
}

TENON_SIMD TurnedPixels turned_pixels(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                                      std::uint8_t flip) {
  std::uint8_t own[kS8GroupWeights];
  copy_edge(pixels, begin, end, padding, own);
  return turned_pixels(own, flip);
}

}  // namespace
}  // namespace tenon::cpu
