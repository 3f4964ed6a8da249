// bitcast(data) → the same bytes read as another dtype of the same width. Not for strings.
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Bitcast {
  static constexpr std::string_view kName = "bitcast";

  DataType to = DataType::f32;

  static constexpr auto fields() { return std::make_tuple(field("to", &Bitcast::to)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
