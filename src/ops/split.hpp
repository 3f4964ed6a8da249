// split(data, sizes?) → consecutive parts of `data` along `axis`, one per output.
//
//   axis         in [-rank, rank)
//   sizes        field or operand (i64[n]): extent of each part; they sum to the dim. At most one of the two.
//   num_outputs  without sizes: number of equal parts, ceil(dim / n) each and the last one what is left
//                (possibly nothing). Absent: the number of outputs that the node has.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Split {
  static constexpr std::string_view kName = "split";

  std::int64_t axis = 0;
  std::optional<std::vector<std::int64_t>> sizes{};
  std::optional<std::int64_t> num_outputs{};

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Split::axis), field("sizes", &Split::sizes),
                           field("num_outputs", &Split::num_outputs));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
