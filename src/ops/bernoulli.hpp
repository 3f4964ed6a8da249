// bernoulli(p) → 1 with probability p, else 0, per element.
//
//   p       floating point, in [0, 1]
//   dtype   of the result, numeric or bool; absent: p's
#pragma once

#include "ir/op.hpp"

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Bernoulli {
  static constexpr std::string_view kName = "bernoulli";
  static constexpr OpTraits kTraits{.deterministic = false};

  std::optional<DataType> dtype{};
  std::optional<float> seed{};  // absent: a fresh one at each execution

  static constexpr auto fields() {
    return std::make_tuple(field("dtype", &Bernoulli::dtype), field("seed", &Bernoulli::seed));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
