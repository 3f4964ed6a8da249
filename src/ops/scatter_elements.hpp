// scatter_elements(data, indices, updates) → a copy of data with result[i, indices[i,j,k], k] (axis 1) set
// from updates[i,j,k].
//
//   indices    i32 or i64, rank of data, in [-dim, dim)
//   updates    shape of indices, dtype of data
//   axis       in [-rank, rank)
//   reduction  none: the update replaces the element (of several at one place the last in row-major order
//              wins); else it is combined with it, in row-major order
#pragma once

#include "ir/op.hpp"
#include "ops/scatter_reduction.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ScatterElements {
  static constexpr std::string_view kName = "scatter_elements";

  std::int64_t axis = 0;
  ScatterReduction reduction = ScatterReduction::none;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ScatterElements::axis),
                           field("reduction", &ScatterElements::reduction));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
