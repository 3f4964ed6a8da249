// unique(data) → (values, indices, inverse, counts): the distinct elements of the flattened data, or the
// distinct slices along `axis`.
//
//   values   n elements (slices): ascending (lexicographic) when sorted, else in order of first occurrence
//   indices  i64[n]: first occurrence of each
//   inverse  i64[m]: for each input element (slice) its place in values
//   counts   i64[n]
//   axis     in [-rank, rank); absent: flattened
//
// Outputs 1 to 3 are optional.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Unique {
  static constexpr std::string_view kName = "unique";

  std::optional<std::int64_t> axis{};
  bool sorted = true;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &Unique::axis), field("sorted", &Unique::sorted));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
