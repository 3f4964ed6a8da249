// unsqueeze(data, axes?) → `data` with axes of extent 1 inserted.
//
//   axes    field or operand (i64[k]), in [-r, r) where r = rank + k is the rank of the result; distinct, in
//           any order. Exactly one of the two.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Unsqueeze {
  static constexpr std::string_view kName = "unsqueeze";

  std::optional<std::vector<std::int64_t>> axes{};

  static constexpr auto fields() { return std::make_tuple(field("axes", &Unsqueeze::axes)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
