// one_hot(indices, depth, values) → a new axis of extent `depth` at `axis`, values[1] where the position is
// the index and values[0] elsewhere. An index outside [-depth, depth) gives only values[0].
//
//   indices  any numeric dtype, rank r
//   depth    one element, any numeric dtype
//   values   [off, on]; its dtype is the result's
//   axis     in [-(r+1), r]
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct OneHot {
  static constexpr std::string_view kName = "one_hot";

  std::int64_t axis = -1;

  static constexpr auto fields() { return std::make_tuple(field("axis", &OneHot::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
