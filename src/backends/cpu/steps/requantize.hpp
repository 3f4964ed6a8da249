// From the fields of quantized operators to what integer kernels take.
#pragma once

#include "backends/cpu/kernels/bytes/requantize.hpp"
#include "base/check.hpp"
#include "ir/data.hpp"
#include "ops/requantize.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

namespace tenon::cpu {

inline bool is_byte(DataType dtype) noexcept { return dtype == DataType::i8 || dtype == DataType::u8; }

// A zero point as kernels take it.
inline std::int32_t byte_zero(std::int64_t zero, DataType dtype, std::string_view kind) {
  const std::int64_t low = dtype == DataType::i8 ? -128 : 0;
  TENON_REQUIRE(is_byte(dtype) && zero >= low && zero <= low + 255, "{}: a zero point of {} for {}", kind,
                zero, name(dtype));
  return static_cast<std::int32_t>(zero);
}

// What an operator with the fields of quantized_conv does to sums; multiplier and residual are the caller's.
// ModelError for fields that make no sense.
template <class Op>
Requantize requantize_of(const Op& op, std::string_view kind) {
  Requantize r;
  if (op.output_dtype == DataType::f32) {
    r.bytes = false;
  } else {
    const std::int32_t least = op.output_dtype == DataType::i8 ? -128 : 0;
    r.to_bytes(least, least + 255, byte_zero(op.y_zero, op.output_dtype, kind));
  }
  switch (op.activation) {
    case op::QuantizedActivation::none: break;
    case op::QuantizedActivation::relu: r.clip(0, std::numeric_limits<float>::infinity()); break;
    case op::QuantizedActivation::clip:
      TENON_REQUIRE(op.alpha <= op.beta, "{}: a clip to {} … {}", kind, op.alpha, op.beta);
      r.clip(op.alpha, op.beta);
      break;
    case op::QuantizedActivation::leaky:
      r.leaky = true;
      r.alpha = op.alpha;
      break;
    default: TENON_REQUIRE(false, "{}: a gate, which its kernels do not have", kind);
  }
  return r;
}

// The same with a residual of that dtype.
template <class Op>
Requantize requantize_with_residual(const Op& op, DataType residual, std::string_view kind) {
  Requantize r = requantize_of(op, kind);
  r.residual_signed = residual == DataType::i8;
  r.residual_zero = byte_zero(op.residual_zero, residual, kind);
  r.residual_multiplier = op.residual_multiplier;
  return r;
}

}  // namespace tenon::cpu
