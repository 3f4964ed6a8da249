// Four pixels of 16 channels, turned to [16 c][4 pixels], on AVX-512 (F, BW). Include after bytes/avx512.hpp.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tenon::cpu {
namespace {

struct TurnedPixels {
  simd::I32 part[1];
};

// Fours of channels to their places, then the four bytes of each channel together.
TENON_SIMD TurnedPixels turn_pixels(__m512i x, std::uint8_t flip) {
  const __m512i fours = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
  x = _mm512_shuffle_epi8(_mm512_maskz_permutexvar_epi32(0xffff, fours, x), bytes);
  return {{{_mm512_xor_si512(x, _mm512_set1_epi8(static_cast<char>(flip)))}}};
}

TENON_SIMD TurnedPixels turned_pixels(const std::uint8_t* pixels, std::uint8_t flip) {
  return turn_pixels(_mm512_loadu_si512(pixels), flip);
}

TENON_SIMD TurnedPixels turned_pixels(const std::uint8_t* pixels, int begin, int end, std::uint8_t padding,
                                      std::uint8_t flip) {
  // Four lanes of 32 bits are a pixel.
  const std::uint32_t before = 0xffffU << (4 * std::min(begin, 4));
  const std::uint32_t behind = end >= 4 ? 0xffffU : (1U << (4 * std::max(end, 0))) - 1;
  const auto mask = static_cast<__mmask16>(before & behind);
  return turn_pixels(_mm512_mask_loadu_epi32(_mm512_set1_epi8(static_cast<char>(padding)), mask, pixels),
                     flip);
}

}  // namespace
}  // namespace tenon::cpu
