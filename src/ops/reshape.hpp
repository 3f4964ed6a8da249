// reshape(data, shape) → the elements of `data` in row-major order under another shape.
//
//   shape   i64[k]: the new dims. One entry may be -1: it takes what is left (exact division). An entry 0
//           copies the dim of `data` at the same position, unless allow_zero, where it means an empty axis
//           (and excludes -1).
//
// Result dims come from the symbolic value of `shape`. When only its length is known, the result has that
// rank.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Reshape {
  static constexpr std::string_view kName = "reshape";

  bool allow_zero = false;

  static constexpr auto fields() { return std::make_tuple(field("allow_zero", &Reshape::allow_zero)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
