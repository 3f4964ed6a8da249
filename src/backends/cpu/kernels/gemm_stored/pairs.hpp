// The dot products of generic.hpp by pairs of 16-bit integers. Include after bytes/avx2.hpp or
// bytes/avx512.hpp.
#pragma once

#include "backends/cpu/kernels/bytes/pairs.hpp"
#include "backends/cpu/kernels/gemm_stored/generic.hpp"

namespace tenon::cpu {
namespace {

// Bytes as 16-bit integers: the even places of 4, then the odd ones.
struct StoredPairs {
  using I32 = simd::I32;
  struct Sums {
    I32 high = I32::zero();
    I32 low = I32::zero();
  };
  struct Weights {
    I32 even, odd;
  };
  struct X {
    I32 high_even, high_odd, low_even, low_odd;
  };
  static constexpr bool kWords = true;

  static TENON_SIMD Weights weights(I32 bytes) {
    return {simd::even_unsigned(bytes), simd::odd_unsigned(bytes)};
  }
  static TENON_SIMD X broadcast(const std::byte* a, std::ptrdiff_t plane) {
    std::int32_t high[2], low[2];
    std::memcpy(high, a, sizeof high);
    std::memcpy(low, a + plane, sizeof low);
    return {I32::set1(high[0]), I32::set1(high[1]), I32::set1(low[0]), I32::set1(low[1])};
  }
  static TENON_SIMD void dot(Sums& sum, const X& x, const Weights& w) {
    sum.high = simd::add_pairs(simd::add_pairs(sum.high, w.even, x.high_even), w.odd, x.high_odd);
    sum.low = simd::add_pairs(simd::add_pairs(sum.low, w.even, x.low_even), w.odd, x.low_odd);
  }
  static TENON_SIMD I32 high(const Sums& sum) { return sum.high; }
  static TENON_SIMD I32 low(const Sums& sum) { return sum.low; }
};

}  // namespace
}  // namespace tenon::cpu
