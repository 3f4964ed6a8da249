#include "backends/cpu/kernels/bytes/avx512.hpp"
#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct DotOf {
  using Acc = __m512i;
  using Weights = __m512i;
  using X = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kElement = 1;
  static constexpr bool kHoldsWeights = true;

  static TENON_SIMD Acc start(const std::int32_t* bias) { return _mm512_loadu_si512(bias); }
  static TENON_SIMD Weights weights(const std::int8_t* w) { return _mm512_loadu_si512(w); }
  static TENON_SIMD X broadcast(const std::uint8_t* x) {
    std::int32_t group;
    std::memcpy(&group, x, sizeof group);
    return _mm512_set1_epi32(group);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return _mm512_dpbusd_epi32(sum, x, w); }
  static TENON_SIMD simd::I32 sum(Acc x) { return {x}; }
};

}  // namespace

void conv_s8_avx512_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept;
void conv_s8_avx512_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                              void* dst) noexcept;

void conv_s8_avx512_vnni(const ConvS8Tile& tile, int pixels, int oc_blocks) noexcept {
  s8_tile_of<DotOf, 14, 14, 9, 6>(tile, pixels, oc_blocks);
}

void conv_s8_avx512_vnni_copy(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip,
                              void* dst) noexcept {
  auto* to = static_cast<std::uint8_t*>(dst);
  const __m512i flips = _mm512_set1_epi8(static_cast<char>(flip));
  std::ptrdiff_t i = 0;
  for (; i + 64 <= count; i += 64)
    _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_loadu_si512(src + i), flips));
  for (; i < count; ++i) to[i] = static_cast<std::uint8_t>(src[i] ^ flip);
}

}  // namespace tenon::cpu
