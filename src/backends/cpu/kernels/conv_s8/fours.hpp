// Dot products of bytes, four at a time. Include after bytes/fours_*.hpp.
#pragma once

#include "backends/cpu/kernels/conv_s8/generic.hpp"

namespace tenon::cpu {
namespace {

struct FourDot {
  using Acc = simd::I32;
  using Weights = simd::I32;
  using X = simd::I32;
  static constexpr int kLanes = simd::I32::kLanes;
  static constexpr int kGroup = kS8Group;
  static constexpr int kElement = 1;
  static constexpr bool kHoldsWeights = true;
  static constexpr bool kIsNarrow = true;

  static TENON_SIMD Weights weights(const std::int8_t* w) {
    return simd::I32::load(reinterpret_cast<const std::int32_t*>(w));
  }
  static TENON_SIMD X broadcast(const std::byte* x) {
    std::int32_t group;
    std::memcpy(&group, x, sizeof group);
    return simd::I32::set1(group);
  }
  static TENON_SIMD Acc dot(Acc sum, X x, Weights w) { return simd::add_fours(sum, x, w); }
  static TENON_SIMD Acc dot_in_place(Acc sum, X x, Weights w) { return simd::add_fours_in_place(sum, x, w); }
};

inline void s8_copy_bytes(const std::uint8_t* src, std::ptrdiff_t count, std::uint8_t flip, void* dst) {
  using simd::I32;
  constexpr int kBytes = I32::kLanes * 4;
  auto* to = static_cast<std::uint8_t*>(dst);
  const I32 flips = I32::set1(static_cast<std::int32_t>(flip * 0x01010101U));
  std::ptrdiff_t i = 0;
  for (; i + kBytes <= count; i += kBytes) {
    const I32 bytes = I32::load(reinterpret_cast<const std::int32_t*>(src + i));
    (bytes ^ flips).store(reinterpret_cast<std::int32_t*>(to + i));
  }
  for (; i < count; ++i) to[i] = static_cast<std::uint8_t>(src[i] ^ flip);
}

}  // namespace
}  // namespace tenon::cpu
