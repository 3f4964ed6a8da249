// scatter_nd(data, indices, updates) → a copy of data with result[indices[i.., :], ..] set from updates[i..,
// ..].
//
//   indices    i64[.., k], k ≤ rank(data), in [-dim, dim)
//   updates    indices.shape[:-1] + data.shape[k:], dtype of data
//   reduction  none: the update replaces the element (of several at one place the last in row-major order
//              wins); else it is combined with it, in row-major order
#pragma once

#include "ir/op.hpp"
#include "ops/scatter_reduction.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ScatterNd {
  static constexpr std::string_view kName = "scatter_nd";

  ScatterReduction reduction = ScatterReduction::none;

  static constexpr auto fields() { return std::make_tuple(field("reduction", &ScatterNd::reduction)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
