// expand(data, shape) → `data` broadcast with `shape`: the result has the broadcast of both shapes, so an
// entry of `shape` may also be 1 where `data` is larger.
//
//   shape   i64[k]
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Expand {
  static constexpr std::string_view kName = "expand";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
