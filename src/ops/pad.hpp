// pad(data, pads?, value?, axes?) → `data` with elements added (or, for negative pads, removed) at both ends
// of its axes.
//
//   pads    [begin of each axis …, end of each axis …], for all axes or for those named by `axes`
//   value   scalar of data's dtype, for mode constant; default 0 (empty string, false)
//   axes    in [-rank, rank), distinct; default all
//   mode    constant: value · reflect: mirrored without repeating the border · edge: the border element ·
//           wrap: periodic
//
// An argument that has both a field and an operand is given by exactly one of them: the field when it is
// constant, the operand when it is computed. Operand positions do not move; an operand given by its field is
// left empty. `value` is always an operand.
#pragma once

#include "ir/op.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

enum class PadMode : std::uint8_t { constant, reflect, edge, wrap };

constexpr std::array<std::string_view, 4> enum_names(PadMode) {
  return {"constant", "reflect", "edge", "wrap"};
}

struct Pad {
  static constexpr std::string_view kName = "pad";

  PadMode mode = PadMode::constant;
  std::optional<std::vector<std::int64_t>> pads{};
  std::optional<std::vector<std::int64_t>> axes{};

  static constexpr auto fields() {
    return std::make_tuple(field("mode", &Pad::mode), field("pads", &Pad::pads), field("axes", &Pad::axes));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
