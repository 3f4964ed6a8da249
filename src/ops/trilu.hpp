// trilu(data, k?) → data with zeros outside a triangle of its last two axes: upper keeps column - row ≥ k,
// lower keeps column - row ≤ k.
//
//   k   field or operand (one i64); at most one of the two; default 0
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Trilu {
  static constexpr std::string_view kName = "trilu";

  bool upper = true;
  std::optional<std::int64_t> k{};

  static constexpr auto fields() {
    return std::make_tuple(field("upper", &Trilu::upper), field("k", &Trilu::k));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
