// squeeze(data, axes?) → `data` without the named axes, each of extent 1. Without axes: without every axis of
// extent 1.
//
//   axes    field or operand (i64[k]), in [-rank, rank). At most one of the two.
//
// Without axes, an axis is dropped when its dim is the constant 1; a rank that depends on a symbolic dim is
// unknown.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Squeeze {
  static constexpr std::string_view kName = "squeeze";

  std::optional<std::vector<std::int64_t>> axes{};

  static constexpr auto fields() { return std::make_tuple(field("axes", &Squeeze::axes)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
