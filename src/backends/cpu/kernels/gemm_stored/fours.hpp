// The dot products of generic.hpp by products of bytes, four at a time. Include after bytes/fours_*.hpp.
#pragma once

#include "backends/cpu/kernels/gemm_stored/generic.hpp"

namespace tenon::cpu {
namespace {

struct StoredFours {
  using I32 = simd::I32;
  struct Sums {
    I32 high = I32::zero();
    I32 middle = I32::zero();
    I32 low = I32::zero();
  };
  using Weights = I32;
  struct X {
    I32 high, middle, low;
  };
  static constexpr bool kWords = false;

  static TENON_SIMD Weights weights(I32 bytes) { return bytes; }
  static TENON_SIMD I32 four(const std::byte* from) {
    std::int32_t group;
    std::memcpy(&group, from, sizeof group);
    return I32::set1(group);
  }
  static TENON_SIMD X broadcast(const std::byte* a, std::ptrdiff_t plane) {
    return {four(a), four(a + plane), four(a + 2 * plane)};
  }
  static TENON_SIMD void dot(Sums& sum, const X& x, const Weights& w) {
    sum.high = simd::add_fours_in_place(sum.high, w, x.high);
    sum.middle = simd::add_fours_in_place(sum.middle, w, x.middle);
    sum.low = simd::add_fours_in_place(sum.low, w, x.low);
  }
  static TENON_SIMD I32 high(const Sums& sum) { return sum.high; }
  static TENON_SIMD I32 low(const Sums& sum) { return simd::shift_left<8>(sum.middle) + sum.low; }
};

}  // namespace
}  // namespace tenon::cpu
