// copy(data) → the same tensor in another memory space (internal: placed where work is spread over devices).
//
//   space   of the result: "host", "pinned" or "device<n>"
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "ir/op.hpp"

namespace tenon::op {

struct Copy {
  static constexpr std::string_view kName = "copy";

  std::string space = "host";

  static constexpr auto fields() { return std::make_tuple(field("space", &Copy::space)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
