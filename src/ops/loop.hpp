// loop(max_trips?, condition?, carried…) → (carried…, stacked…): runs region 0 while the condition holds, at
// most max_trips times.
//
//   max_trips   i64, one element; absent: no limit
//   condition   bool, one element; absent: true
//   region 0    parameters: iteration i64[], condition bool[], carried…; results: condition, carried…,
//               scanned…
//
// Each scanned result is a tensor of one shape in all iterations; the iterations are stacked along a new axis
// 0.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Loop {
  static constexpr std::string_view kName = "loop";
  static constexpr OpTraits kTraits{.has_regions = true};

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
