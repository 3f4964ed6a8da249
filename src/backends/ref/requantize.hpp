// What the formula of ops/requantize.hpp takes and gives.
#pragma once

#include "backends/ref/elements.hpp"
#include "backends/ref/numeric.hpp"
#include "ops/requantize.hpp"

#include <vector>

namespace tenon::ref {

inline std::vector<std::int64_t> centred_integers(const Tensor& x, std::int64_t zero) {
  std::vector<std::int64_t> values = to_integers(x);
  for (std::int64_t& value : values) value -= zero;
  return values;
}

// Element i: v, or an integer with that zero point.
inline void store_requantized(float v, std::int64_t zero, Tensor& out, std::size_t i) {
  const auto y_zero = static_cast<std::int32_t>(zero);
  switch (out.dtype()) {
    case DataType::u8:
      mutable_elements<std::uint8_t>(out)[i] = op::quantize_to<std::uint8_t>(v, y_zero);
      break;
    case DataType::i8: mutable_elements<std::int8_t>(out)[i] = op::quantize_to<std::int8_t>(v, y_zero); break;
    default: mutable_elements<float>(out)[i] = v;
  }
}

}  // namespace tenon::ref
