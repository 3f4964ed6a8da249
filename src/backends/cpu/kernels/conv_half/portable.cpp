#include "backends/cpu/kernels/simd/portable.hpp"

#include "backends/cpu/kernels/conv_half/wide.hpp"

#include <cmath>

namespace tenon::cpu {
namespace {

// What AVX-512-FP16 does, with each sum rounded to single precision before it is to half.
struct EmulatedChainDot : WideDot<float16, true> {
  using Chain = Weights;
  static constexpr int kChain = kHalfChain;
  static constexpr int kTotal = 3 * simd::F32::kLanes;

  static TENON_SIMD Chain zero() { return {simd::F32::zero(), simd::F32::zero()}; }
  static TENON_SIMD Chain dot(Chain sum, X x, Weights w) {
    return {rounded(fma(x.even, w.even, sum.even)), rounded(fma(x.odd, w.odd, sum.odd))};
  }
  template <int Count>
  static void fold(Chain (&chains)[Count], float* totals, int before) {
    for (Chain& chain : chains) {
      if (before % 2 == 0) {
        chain.even.store(totals + F32::kLanes);
        chain.odd.store(totals + 2 * F32::kLanes);
      } else {
        added(chain, totals, before).store(totals);
      }
      chain = zero();
      totals += kTotal;
    }
  }
  template <int Count>
  static void take(Chain (&chains)[Count], const float* totals, int before, Acc (&sums)[Count]) {
    for (int i = 0; i < Count; ++i, totals += kTotal) sums[i] = sums[i] + added(chains[i], totals, before);
  }

 private:
  using F32 = simd::F32;

  // With the chain before if that is not in the totals yet, and with these.
  static TENON_SIMD F32 added(Chain chain, const float* totals, int before) {
    if (before % 2 != 0) {
      chain.even = rounded(chain.even + F32::load(totals + F32::kLanes));
      chain.odd = rounded(chain.odd + F32::load(totals + 2 * F32::kLanes));
    }
    const F32 sum = chain.even + chain.odd;
    return before < 2 ? sum : sum + F32::load(totals);
  }
  // To the nearest number of f16.
  static TENON_SIMD simd::F32 rounded(simd::F32 x) {
    using simd::I32;
    const F32 size = abs(x), unit = F32::set1(0.5F);  // whose last place is the smallest number of f16
    const I32 bits = float_to_bits(size), odd = simd::shift_right_logical<13>(bits) & I32::set1(1);
    const F32 normal = bits_to_float((bits + I32::set1(0xfff) + odd) & I32::set1(~0x1fff));
    const F32 finite = select(size < F32::set1(0x1p-14F), (size + unit) - unit, normal);
    const F32 all = select(finite < F32::set1(0x1p16F), finite, F32::set1(INFINITY));
    return select(x == x, copysign(all, x), x);
  }
};

}  // namespace

void conv_bf16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_bf16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                   std::ptrdiff_t count, void* dst) noexcept;

void conv_bf16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<bfloat16, true>>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_bf16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<bfloat16, true>>(src, count, dst);
}

void conv_bf16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<bfloat16, true>>(src, count, dst);
}

void conv_bf16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                   std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<bfloat16, true>>(src, plane, channels, width, count, dst);
}

void conv_f16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_f16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                  std::ptrdiff_t count, void* dst) noexcept;

void conv_f16_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<WideDot<float16, true>>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_f16_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<WideDot<float16, true>>(src, count, dst);
}

void conv_f16_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<WideDot<float16, true>>(src, count, dst);
}

void conv_f16_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                  std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<WideDot<float16, true>>(src, plane, channels, width, count, dst);
}

void conv_f16_chained_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_f16_chained_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_chained_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_chained_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                          std::ptrdiff_t count, void* dst) noexcept;

void conv_f16_chained_portable(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<EmulatedChainDot>, 4, 0, 0, 0>(tile, pixels, oc_blocks);
}

void conv_f16_chained_portable_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<EmulatedChainDot>(src, count, dst);
}

void conv_f16_chained_portable_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<EmulatedChainDot>(src, count, dst);
}

void conv_f16_chained_portable_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                          std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<EmulatedChainDot>(src, plane, channels, width, count, dst);
}

}  // namespace tenon::cpu
