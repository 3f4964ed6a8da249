// Dot products of 16-bit floats by those of single ones, for machines without instructions of their own: the
// source is floats, and the weights become floats on their way. Include after one of simd/.
#pragma once

#include "backends/cpu/kernels/conv_half/generic.hpp"

namespace tenon::cpu {
namespace {

template <class HalfType, bool HoldsWeights>
struct WideDot {
  using Half = HalfType;
  using Acc = simd::F32;
  struct Weights {
    simd::F32 even;
    simd::F32 odd;
  };
  using X = Weights;
  static constexpr int kLanes = simd::F32::kLanes;
  static constexpr int kGroup = kHalfGroup;
  static constexpr int kElement = 4;
  static constexpr bool kWide = true;
  static constexpr bool kHoldsWeights = HoldsWeights;
  static constexpr bool kIsNarrow = false;

  static TENON_SIMD Weights weights(const std::uint16_t* w) {
    const simd::I32 pairs = simd::I32::load(reinterpret_cast<const std::int32_t*>(w));
    if constexpr (DataTypeOf<Half>::value == DataType::bf16) {
      return {bits_to_float(simd::shift_left<16>(pairs)),
              bits_to_float(pairs & simd::I32::set1(static_cast<int>(0xFFFF0000)))};
    } else {
      return {simd::from_float16(simd::lower_halves(pairs)),
              simd::from_float16(simd::lower_halves(simd::shift_right_logical<16>(pairs)))};
    }
  }
  static TENON_SIMD X broadcast(const std::byte* x) {
    float pair[kHalfGroup];
    std::memcpy(pair, x, sizeof pair);
    return {simd::F32::set1(pair[0]), simd::F32::set1(pair[1])};
  }
  static TENON_SIMD simd::F32 dot(simd::F32 sum, X x, Weights w) {
    return fma(x.odd, w.odd, fma(x.even, w.even, sum));
  }
};

}  // namespace
}  // namespace tenon::cpu
