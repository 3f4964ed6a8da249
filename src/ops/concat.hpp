// concat(x0, x1, …) → the operands joined along `axis`. At least one operand; one dtype and one rank; the
// other dims agree.
//
//   axis    in [-rank, rank)
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Concat {
  static constexpr std::string_view kName = "concat";

  std::int64_t axis = 0;

  static constexpr auto fields() { return std::make_tuple(field("axis", &Concat::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
