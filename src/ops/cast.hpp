// cast: every element converted to dtype `to`.
//
// Float to float: round to nearest even; to 8-bit floats out-of-range values saturate to the largest finite
// value, or with saturate = false become NaN or infinity as the type has them. To f8e8m0 `rounding` decides.
// Float to integer: towards zero, out-of-range values wrap modulo 2^bits after clamping to 64 bits (NaN gives
// 0). Integer to integer: modulo 2^bits. To bool: x != 0. To string: shortest decimal that reads back ("NaN",
// "INF", "-INF"). From string: the number written there, ModelError otherwise. Result: x's shape. Known
// integer values pass through between i32 and i64.
#pragma once

#include "ir/op.hpp"

#include <array>

namespace tenon::op {

enum class ScaleRounding : std::uint8_t { up, down, nearest };
inline constexpr std::array<std::string_view, 3> enum_names(ScaleRounding) {
  return {"up", "down", "nearest"};
}

struct Cast {
  DataType to = DataType::f32;
  bool saturate = true;
  ScaleRounding rounding = ScaleRounding::up;  // to f8e8m0 only

  static constexpr std::string_view kName = "cast";
  static constexpr auto fields() {
    return std::make_tuple(field("to", &Cast::to), field("saturate", &Cast::saturate),
                           field("rounding", &Cast::rounding));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
