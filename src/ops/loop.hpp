// loop(max_trips?, condition?, carried…) → (carried…, stacked…): runs region 0 while the condition holds, at
// most max_trips times.
//
//   max_trips   i64, one element; absent: no limit
//   condition   bool, one element; absent: true
//   region 0    parameters: iteration i64[], condition bool[], carried…; results: condition, carried…,
//               scanned…
//
// counted says that nothing but max_trips ends it: the condition is absent or true, and so is that of the
// body. The number of iterations is known where max_trips is then.
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

  bool counted = false;

  static constexpr auto fields() { return std::make_tuple(field("counted", &Loop::counted)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
