// range(start, limit, delta) → [start, start + delta, …] before limit: max(ceil((limit - start) / delta), 0)
// elements.
//
// Scalars of one numeric dtype; delta not 0.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Range {
  static constexpr std::string_view kName = "range";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
