// copy(data) → the same tensor in another memory space (internal: placed where work is spread over devices).
//
//   space   of the result: "host", "pinned" or "device<n>"
#pragma once

#include "ir/op.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Copy {
  static constexpr std::string_view kName = "copy";

  std::string space = "host";

  static constexpr auto fields() { return std::make_tuple(field("space", &Copy::space)); }
  std::vector<Inference> infer(InferContext& context) const;
};

// Nothing when the text names no memory space.
std::optional<MemorySpace> parse_memory_space(std::string_view text);

}  // namespace tenon::op
