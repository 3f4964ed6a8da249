// if(condition) → the results of region 0 when the condition (bool, one element) is true, else of region 1.
//
// Regions have no parameters; they use outer values directly. Both give the same number of results, pairwise
// of the same kind and dtype; dims on which they differ are unknown in the result.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct If {
  static constexpr std::string_view kName = "if";
  static constexpr OpTraits kTraits{.has_regions = true};

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
