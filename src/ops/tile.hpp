// tile(data, repeats) → axis i is repeated repeats[i] times, copies side by side.
//
//   repeats  i64[rank]
#pragma once

#include "ir/op.hpp"

#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Tile {
  static constexpr std::string_view kName = "tile";

  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
