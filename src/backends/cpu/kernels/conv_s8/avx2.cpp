#include "backends/cpu/kernels/bytes/avx2.hpp"

#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

// Bytes of a group as 16-bit integers: the even channels, then the odd ones, as the copy leaves them.
struct DotOf {
  using Acc = __m256i;
  struct Weights {
    __m256i even;
    __m256i odd;
  };
  struct X {
    __m256i even;
    __m256i odd;
  };
  static constexpr int kLanes = 8;
  static constexpr int kElement = 2;
  static constexpr bool kHoldsWeights = false;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD Weights weights(const std::int8_t* w) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
    return {_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8), _mm256_srai_epi16(bytes, 8)};
  }
  static TENON_SIMD X broadcast(const std::uint8_t* x) {
    std::int32_t pairs[2];
    std::memcpy(pairs, x, sizeof pairs);
    return {_mm256_set1_epi32(pairs[0]), _mm256_set1_epi32(pairs[1])};
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x.even, w.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x.odd, w.odd));
  }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void conv_s8_avx2(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_avx2_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept;

void conv_s8_avx2(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  s8_tile_of<DotOf, 6, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_s8_avx2_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) noexcept {
  auto* to = static_cast<std::int16_t*>(dst);
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15, 0, 1, 4, 5, 2,
                                         3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
  std::ptrdiff_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i bytes = _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i)), flips);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_shuffle_epi8(_mm256_cvtepu8_epi16(bytes), order));
  }
  for (; i < count; i += kS8Group) {
    const auto at = [&](int c) { return static_cast<std::int16_t>(src[i + c] ^ flip); };
    const std::int16_t group[] = {at(0), at(2), at(1), at(3)};
    std::memcpy(to + i, group, sizeof group);
  }
}

}  // namespace tenon::cpu
