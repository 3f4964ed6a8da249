// gather_elements(data, indices) → result[i,j,k] = data[i, indices[i,j,k], k] (axis 1), of the shape of
// `indices`.
//
//   indices  i32 or i64, rank of data, in [-dim, dim); no larger than data on the other axes
//   axis     in [-rank, rank)
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct GatherElements {
  static constexpr std::string_view kName = "gather_elements";

  std::int64_t axis = 0;

  static constexpr auto fields() { return std::make_tuple(field("axis", &GatherElements::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
