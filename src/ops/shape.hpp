// shape(data) → i64[k], the dims of data from axis `start` (inclusive) to `end` (exclusive).
//
//   start, end  negative counts from the end; clamped to [0, rank]; end absent: rank
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ShapeOf {
  static constexpr std::string_view kName = "shape";

  std::int64_t start = 0;
  std::optional<std::int64_t> end{};

  static constexpr auto fields() {
    return std::make_tuple(field("start", &ShapeOf::start), field("end", &ShapeOf::end));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
