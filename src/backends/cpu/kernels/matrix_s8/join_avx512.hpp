// Four blocks of 16 bytes to pixels of 64 with AVX-512, for MatrixS8Kernel::join.
#pragma once

#include "backends/cpu/kernels/matrix/matrix.hpp"

#include <immintrin.h>

namespace tenon::cpu {
namespace {

inline void matrix_s8_join(const std::byte* src, std::ptrdiff_t block, std::ptrdiff_t step,
                           std::ptrdiff_t count, std::byte* dst) {
  constexpr std::ptrdiff_t kPixels = 4;  // of a block that a vector holds
  constexpr __mmask16 kAll = 0xffff;     // the zeroed forms do not warn of undefined sources in GCC 12
  std::ptrdiff_t i = 0;
  if (step == kChannelBlock) {
    for (; i + kPixels <= count; i += kPixels, src += kPixels * step, dst += kPixels * kMatrixDepth) {
      const __m512i a = _mm512_loadu_si512(src), b = _mm512_loadu_si512(src + block);
      const __m512i c = _mm512_loadu_si512(src + 2 * block), d = _mm512_loadu_si512(src + 3 * block);
      const __m512i ab01 = _mm512_maskz_shuffle_i32x4(kAll, a, b, 0x44);
      const __m512i ab23 = _mm512_maskz_shuffle_i32x4(kAll, a, b, 0xee);
      const __m512i cd01 = _mm512_maskz_shuffle_i32x4(kAll, c, d, 0x44);
      const __m512i cd23 = _mm512_maskz_shuffle_i32x4(kAll, c, d, 0xee);
      _mm512_storeu_si512(dst, _mm512_maskz_shuffle_i32x4(kAll, ab01, cd01, 0x88));
      _mm512_storeu_si512(dst + kMatrixDepth, _mm512_maskz_shuffle_i32x4(kAll, ab01, cd01, 0xdd));
      _mm512_storeu_si512(dst + 2 * kMatrixDepth, _mm512_maskz_shuffle_i32x4(kAll, ab23, cd23, 0x88));
      _mm512_storeu_si512(dst + 3 * kMatrixDepth, _mm512_maskz_shuffle_i32x4(kAll, ab23, cd23, 0xdd));
    }
  }
  const auto part = [&](int b) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + b * block)); };
  for (; i < count; ++i, src += step, dst += kMatrixDepth) {
    __m512i x = _mm512_inserti32x4(_mm512_zextsi128_si512(part(0)), part(1), 1);
    x = _mm512_inserti32x4(_mm512_inserti32x4(x, part(2), 2), part(3), 3);
    _mm512_storeu_si512(dst, x);
  }
}

}  // namespace
}  // namespace tenon::cpu
