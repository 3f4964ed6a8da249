#include "backends/cpu/kernels/bytes/avx2.hpp"
#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct DotOf {
  using Acc = __m256i;
  using Weights = __m256i;
  using X = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kElement = 1;
  static constexpr bool kHoldsWeights = true;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return simd::I32::load(bias).r; }
  static TENON_SIMD Weights weights(const std::int8_t* w) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
  }
  static TENON_SIMD X broadcast(const std::uint8_t* x) {
    std::int32_t group;
    std::memcpy(&group, x, sizeof group);
    return _mm256_set1_epi32(group);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void conv_s8_avx2_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_avx2_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                            void* dst) noexcept;

void conv_s8_avx2_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  s8_tile_of<DotOf, 6, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_s8_avx2_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                            void* dst) noexcept {
  auto* to = static_cast<std::uint8_t*>(dst);
  const __m256i flips = _mm256_set1_epi8(static_cast<char>(flip));
  std::ptrdiff_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_xor_si256(bytes, flips));
  }
  for (; i < count; ++i) to[i] = static_cast<std::uint8_t>(src[i] ^ flip);
}

}  // namespace tenon::cpu
