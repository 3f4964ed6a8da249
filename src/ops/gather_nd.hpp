// gather_nd(data, indices) → result[b.., i..] = data[b.., indices[b.., i.., :], ..]: the last axis of
// `indices` addresses the leading axes of data after `batch_dims` shared batch axes; what it leaves out is
// kept whole.
//
//   indices     i64, in [-dim, dim); its last dim must be known and at most rank(data) - batch_dims
//   batch_dims  below both ranks
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct GatherNd {
  static constexpr std::string_view kName = "gather_nd";

  std::int64_t batch_dims = 0;

  static constexpr auto fields() { return std::make_tuple(field("batch_dims", &GatherNd::batch_dims)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
