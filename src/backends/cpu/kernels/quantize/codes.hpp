// Floats to bytes under one scale, over the vector types of bytes/: quantize of quantize.hpp. Include after
// one of the levels of bytes/.
#pragma once

#include "backends/cpu/kernels/quantize/quantize.hpp"
#include "backends/cpu/kernels/unroll.hpp"

namespace tenon::cpu {
namespace {

class ByteCodes {
 public:
  TENON_SIMD ByteCodes(float scale, float zero, bool is_signed)
      : scale_(V::set1(scale)),
        zero_(V::set1(zero)),
        low_(V::set1(is_signed ? -128.0F : 0.0F)),
        high_(V::set1(is_signed ? 127.0F : 255.0F)) {}

  TENON_SIMD simd::I32 operator()(simd::F32 x) const {
    // The bound keeps what is rounded small enough to add the zero point exactly.
    const V bounded = max(V::set1(-512.0F), min(V::set1(512.0F), x / scale_));
    return to_int(max(low_, min(high_, round(bounded) + zero_)));
  }

 private:
  using V = simd::F32;
  V scale_, zero_, low_, high_;
};

// body(Index<n>, i) for n vectors of elements from i on, in [begin, end); what is left at the end is left.
template <class Body>
inline __attribute__((always_inline)) std::ptrdiff_t each_vectors(std::ptrdiff_t begin, std::ptrdiff_t end,
                                                                  const Body& body) {
  constexpr int kLanes = simd::F32::kLanes;
  std::ptrdiff_t i = begin;
  for (; i + 4 * kLanes <= end; i += 4 * kLanes) body(Index<4>{}, i);
  for (; i + kLanes <= end; i += kLanes) body(Index<1>{}, i);
  return i;
}

}  // namespace
}  // namespace tenon::cpu
