// identity(x) → x. Any type: tensor, sequence, optional or map.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Identity {
  static constexpr std::string_view kName = "identity";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
