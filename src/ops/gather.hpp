// gather(data, indices) → axis `axis` of data is replaced by the axes of indices: result[.., i.., ..] =
// data[.., indices[i..], ..].
//
//   indices  i32 or i64, in [-dim, dim)
//   axis     in [-rank, rank)
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Gather {
  static constexpr std::string_view kName = "gather";

  std::int64_t axis = 0;

  static constexpr auto fields() { return std::make_tuple(field("axis", &Gather::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
