// flatten(data) → the 2-D matrix [product of dims before `axis`, product of the rest].
//
//   axis    in [-rank, rank]; negative counts from the end. axis 0 gives [1, all].
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Flatten {
  static constexpr std::string_view kName = "flatten";

  std::int64_t axis = 1;

  static constexpr auto fields() { return std::make_tuple(field("axis", &Flatten::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
