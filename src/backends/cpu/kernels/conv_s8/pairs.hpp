// Dot products of bytes by pairs of 16-bit integers: of a group the even channels, then the odd ones, as
// s8_copy_pairs leaves them. Include after bytes/avx2.hpp or bytes/avx512.hpp.
#pragma once

#include "backends/cpu/kernels/bytes/pairs.hpp"
#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

template <bool HoldsWeights>
struct PairDot {
  using Acc = simd::I32;
  struct Weights {
    simd::I32 even;
    simd::I32 odd;
  };
  using X = Weights;
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kGroup = kS8Group;
  static constexpr int kElement = 2;
  static constexpr bool kHoldsWeights = HoldsWeights;
  static constexpr bool kIsNarrow = false;

  static TENON_SIMD Weights weights(const std::int8_t* w) {
    const simd::I32 bytes = simd::I32::load(reinterpret_cast<const std::int32_t*>(w));
    return {simd::even_signed(bytes), simd::odd_signed(bytes)};
  }
  static TENON_SIMD X broadcast(const std::byte* x) {
    std::int32_t pairs[2];
    std::memcpy(pairs, x, sizeof pairs);
    return {simd::I32::set1(pairs[0]), simd::I32::set1(pairs[1])};
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) {
    return simd::add_pairs(simd::add_pairs(sum, x.even, w.even), x.odd, w.odd);
  }
};

inline void s8_copy_pairs(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) {
  using simd::I32;
  constexpr int kBytes = I32::kLanes * 4;
  auto* to = static_cast<std::int16_t*>(dst);
  const I32 flips = I32::set1(static_cast<std::int32_t>(flip * 0x01010101U));
  std::ptrdiff_t i = 0;
  for (; i + kBytes <= count; i += kBytes) {
    const I32 bytes = I32::load(reinterpret_cast<const std::int32_t*>(src + i)) ^ flips;
    store_zipped(simd::even_unsigned(bytes), simd::odd_unsigned(bytes),
                 reinterpret_cast<std::int32_t*>(to + i));
  }
  for (; i < count; i += kS8Group) {
    const auto at = [&](int c) { return static_cast<std::int16_t>(src[i + c] ^ flip); };
    const std::int16_t group[] = {at(0), at(2), at(1), at(3)};
    std::memcpy(to + i, group, sizeof group);
  }
}

}  // namespace
}  // namespace tenon::cpu
