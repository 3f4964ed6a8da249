// top_k(data, k?) → (values, indices i64): the k largest (or smallest) elements along `axis`. Of equal
// elements the one with the lower index comes first.
//
//   k       field or operand (one i64), 0 ≤ k ≤ dim. Exactly one of the two.
//   axis    in [-rank, rank)
//   sorted  the order of the result may be used; the reference sorts in any case
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct TopK {
  static constexpr std::string_view kName = "top_k";

  std::int64_t axis = -1;
  bool largest = true;
  bool sorted = true;
  std::optional<std::int64_t> k{};

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &TopK::axis), field("largest", &TopK::largest),
                           field("sorted", &TopK::sorted), field("k", &TopK::k));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
