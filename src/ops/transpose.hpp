// transpose(data) → axis i of the result is axis perm[i] of `data`.
//
//   perm    a permutation of 0 … rank-1; empty reverses the axes.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Transpose {
  static constexpr std::string_view kName = "transpose";

  std::vector<std::int64_t> perm{};

  static constexpr auto fields() { return std::make_tuple(field("perm", &Transpose::perm)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
