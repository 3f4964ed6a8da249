// How scatter operators combine an update with what is already at its place.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tenon::op {

enum class ScatterReduction : std::uint8_t { none, add, mul, min, max };

constexpr std::array<std::string_view, 5> enum_names(ScatterReduction) {
  return {"none", "add", "mul", "min", "max"};
}

}  // namespace tenon::op
