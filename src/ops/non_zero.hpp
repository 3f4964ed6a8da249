// non_zero(data) → i64[rank, n]: the coordinates of the non-zero elements in row-major order. A scalar gives
// i64[0, n].
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct NonZero {
  static constexpr std::string_view kName = "non_zero";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
