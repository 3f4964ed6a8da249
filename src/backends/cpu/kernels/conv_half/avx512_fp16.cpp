#include "backends/cpu/kernels/simd/avx512_fp16.hpp"

#include "backends/cpu/kernels/conv_half/generic.hpp"

namespace tenon::cpu {
namespace {

struct ChainDot {
  using Half = float16;
  using Acc = simd::F32;
  using Chain = simd::F16Pairs;
  using Weights = simd::F16Pairs;
  using X = simd::F16Pairs;
  static constexpr int kLanes = simd::F32::kLanes;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kElement = 2;
  static constexpr int kChain = kHalfChain;
  static constexpr int kTotal = simd::F16Pairs::kElements * 3 / 2;
  static constexpr bool kWide = false;
  static constexpr bool kHoldsWeights = true;
  static constexpr bool kIsNarrow = true;

  static TENON_SIMD Weights weights(const std::uint16_t* w) { return Weights::load(w); }
  static TENON_SIMD X broadcast(const std::byte* x) { return X::set1(x); }
  static TENON_SIMD simd::I32 bits(simd::F32 x) { return simd::float16_bits(x); }
  static TENON_SIMD Chain zero() { return Chain::zero(); }
  static TENON_SIMD Chain dot(Chain sum, X x, Weights w) { return fma(x, w, sum); }

  // Every second chain is added to the one before, in f16, before it goes to the totals.
  template <int Count>
  static TENON_SIMD void fold(Chain (&chains)[Count], float* totals, int before) {
    std::uint16_t* parts = store_pairs(chains, totals, before);
    if (before % 2 != 0) {
      unroll<2 * Count>([&](auto i) TENON_INLINE_LAMBDA {
        float* total = totals + i.value * simd::F32::kLanes;
        simd::add_unless(before == 1, part<i.value>(parts), simd::F32::load(total)).store(total);
      });
    }
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { chains[i.value] = zero(); });
  }
  template <int Count>
  static TENON_SIMD void take(Chain (&chains)[Count], float* totals, int before, Acc (&sums)[Count]) {
    std::uint16_t* parts = store_pairs(chains, totals, before);
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
      const float* total = totals + 2 * i.value * simd::F32::kLanes;
      const bool alone = before < 2;
      const Acc low = simd::add_unless(alone, part<2 * i.value>(parts), simd::F32::load(total));
      const Acc high =
          simd::add_unless(alone, part<2 * i.value + 1>(parts), simd::F32::load(total + simd::F32::kLanes));
      sums[i.value] = sums[i.value] + add_neighbours(low, high);
    });
  }

 private:
  static constexpr int kElements = simd::F16Pairs::kElements;

  // To where the last chains are, behind the totals: with these if they are not in the totals yet.
  template <int Count>
  static TENON_SIMD std::uint16_t* store_pairs(Chain (&chains)[Count], float* totals, int before) {
    auto* parts = reinterpret_cast<std::uint16_t*>(totals + Count * kElements);
    if (before % 2 != 0) {
      unroll<Count>([&](auto i) TENON_INLINE_LAMBDA {
        chains[i.value] = chains[i.value] + Chain::load(parts + i.value * kElements);
      });
    }
    unroll<Count>([&](auto i) TENON_INLINE_LAMBDA { chains[i.value].store(parts + i.value * kElements); });
    // Halves that become floats on their way from memory take one operation; out of a register they take
    // three.
    __asm__ volatile("" : : "r"(parts) : "memory");
    return parts;
  }
  template <int I>
  static TENON_SIMD simd::F32 part(const std::uint16_t* parts) {
    return simd::load(reinterpret_cast<const float16*>(parts + I * simd::F32::kLanes));
  }
};

}  // namespace

void conv_f16_chained_avx512_fp16(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept;
void conv_f16_chained_avx512_fp16_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_chained_avx512_fp16_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept;
void conv_f16_chained_avx512_fp16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                             std::ptrdiff_t count, void* dst) noexcept;

void conv_f16_chained_avx512_fp16(const ConvHalfTile& tile, int pixels, int oc_blocks) noexcept {
  band_tile_of<HalfTiles<ChainDot>, 14, 14, 9, 6>(tile, pixels, oc_blocks);
}

void conv_f16_chained_avx512_fp16_copy(const void* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy<ChainDot>(src, count, dst);
}

void conv_f16_chained_avx512_fp16_copy_single(const float* src, std::ptrdiff_t count, void* dst) noexcept {
  half_copy_single<ChainDot>(src, count, dst);
}

void conv_f16_chained_avx512_fp16_interleave(const float* src, std::ptrdiff_t plane, int channels, int width,
                                             std::ptrdiff_t count, void* dst) noexcept {
  half_interleave<ChainDot>(src, plane, channels, width, count, dst);
}

}  // namespace tenon::cpu
