// Floats of 16 bits for the tests of their kernels.
#pragma once

#include "backends/cpu/kernels/conv_half/tile.hpp"
#include "base/half.hpp"
#include "kernels/support.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tenon::cpu::test {

inline std::uint16_t half_bits(DataType type, float x) {
  return type == DataType::bf16 ? bfloat16(x).bits : float16(x).bits;
}
inline float half_value(DataType type, std::uint16_t bits) {
  return static_cast<float>(type == DataType::bf16 ? static_cast<float>(bfloat16::from_bits(bits))
                                                   : static_cast<float>(float16::from_bits(bits)));
}

inline void round_to(DataType type, std::vector<float>& values) {
  for (float& x : values) x = half_value(type, half_bits(type, x));
}

// Floats as memory of the type: of 16 bits, or as they are.
inline std::vector<std::byte> stored(DataType type, std::span<const float> values, bool single) {
  std::vector<std::byte> bytes(values.size() * (single ? 4 : 2));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = half_bits(type, values[i]);
    if (single) {
      std::memcpy(bytes.data() + i * 4, &values[i], 4);
    } else {
      std::memcpy(bytes.data() + i * 2, &bits, 2);
    }
  }
  return bytes;
}

inline std::vector<float> read_stored(DataType type, const void* memory, std::size_t count, bool single) {
  std::vector<float> values(count);
  const auto* bytes = static_cast<const std::byte*>(memory);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    if (single) {
      std::memcpy(&values[i], bytes + i * 4, 4);
    } else {
      std::memcpy(&bits, bytes + i * 2, 2);
      values[i] = half_value(type, bits);
    }
  }
  return values;
}

// By how much a stored result may miss `exact` where what is stored misses it by `error`: also by half a unit
// of the last place, or the spacing of denormals.
inline double stored_bound(DataType type, double error, double exact) {
  if (type == DataType::f32) return error;
  const double unit = type == DataType::bf16 ? 0x1p-8 : 0x1p-11;
  return error + unit * (std::abs(exact) + error) + (type == DataType::bf16 ? 0x1p-126 : 0x1p-25);
}

// What a way to form sums of numbers of at most 1 may add to the bound of single precision.
struct HalfSums {
  bool chained = false;  // chains of products are added in f16
  bool scaled = false;   // weights are scaled, in channels whose factors are 2^7 at most

  double error(double terms, double magnitude) const {
    constexpr double kUnit = 0x1p-11, kGrowth = 1 + 0x1p-6;
    const double chains = chained ? kUnit * std::min<double>(terms, kHalfRoundings) * magnitude * kGrowth : 0;
    return chains + (chained || scaled ? terms * 0x1p-25 * 0x1p7 * 2 : 0);
  }
};

template <class Way>
HalfSums sums_of(const Way& way) {
  HalfSums sums;
  if constexpr (requires { way.kernel.chained; }) sums.chained = way.kernel.chained;
  if constexpr (requires { Way::kScaled; }) sums.scaled = Way::kScaled;
  return sums;
}

// The same for a sum of `terms` products of absolute values that add up to `magnitude`: the bound of single
// precision with denormals lost, or that of other sums.
inline double half_bound(DataType type, bool single, double terms, double magnitude, double exact,
                         HalfSums sums = {}) {
  const double sum =
      error_bound("conv_half", terms, magnitude) + terms * 0x1p-126 + sums.error(terms, magnitude);
  return stored_bound(single ? DataType::f32 : type, sum, exact);
}

}  // namespace tenon::cpu::test
