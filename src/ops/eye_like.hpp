// eye_like(data) → zeros of the shape of data (rank 2) with ones on diagonal k (column - row = k).
//
//   dtype   of the result; absent: data's
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct EyeLike {
  static constexpr std::string_view kName = "eye_like";

  std::int64_t k = 0;
  std::optional<DataType> dtype{};

  static constexpr auto fields() {
    return std::make_tuple(field("k", &EyeLike::k), field("dtype", &EyeLike::dtype));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
