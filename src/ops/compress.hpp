// compress(data, condition) → the slices of data along `axis` whose condition is true.
//
//   condition  bool[m], m ≤ dim; slices beyond m are dropped
//   axis       in [-rank, rank); absent: data is flattened first
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Compress {
  static constexpr std::string_view kName = "compress";

  std::optional<std::int64_t> axis{};

  static constexpr auto fields() { return std::make_tuple(field("axis", &Compress::axis)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
