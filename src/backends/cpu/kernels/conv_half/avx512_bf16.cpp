#include "backends/cpu/kernels/simd/avx512_bf16.hpp"

#include "backends/cpu/kernels/conv_half/generic.hpp"

namespace tenon::cpu {
namespace {

struct DotOf {
  using Half = bfloat16;
  using Acc = simd::F32;
  using Weights = simd::Bf16Pairs;
  using X = simd::Bf16Pairs;
  static constexpr int kLanes = simd::F32::kLanes;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kElement = 2;
  static constexpr bool kWide = false;
  static constexpr bool kHoldsWeights = true;
  static constexpr bool kIsNarrow = true;

  static TENON_SIMD Weights weights(const std::uint16_t* w) { return Weights::load(w); }
  static TENON_SIMD X broadcast(const std::byte* x) { return X::set1(x); }
  static TENON_SIMD simd::I32 bits(simd::F32 x) { return simd::bfloat16_bits(x); }
  static TENON_SIMD simd::F32 dot(simd::F32 sum, X x, Weights w) { return simd::dot(sum, x, w); }
};

}  // namespace

void conv_bf16_avx512_bf16(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_bf16_avx512_bf16_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_avx512_bf16_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_avx512_bf16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                      std::ptrdiff_t count, void* dst) noexcept;

void conv_bf16_avx512_bf16(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<DotOf>, 14, 14, 9, 6>(tile, pixels, oc_blocks);
}

void conv_bf16_avx512_bf16_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<DotOf>(src, count, dst);
}

void conv_bf16_avx512_bf16_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<DotOf>(src, count, dst);
}

void conv_bf16_avx512_bf16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                      std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<DotOf>(src, plane, channels, width, count, dst);
}

}  // namespace tenon::cpu
