// slice(data, starts?, ends?, axes?, steps?) → along each named axis, the elements starts, starts+step, …
// before ends.
//
//   starts, ends   one entry per sliced axis; negative counts from the end; out-of-range values are clamped,
//                  so INT64_MAX and INT64_MIN mean "to the end" in either direction
//   axes           in [-rank, rank), distinct; default 0 … k-1
//   steps          not 0; a negative step walks backwards; default 1
//
// An argument that has both a field and an operand is given by exactly one of them: the field when it is
// constant, the operand when it is computed. Operand positions do not move; an operand given by its field is
// left empty.
//
// A dim sliced at constant bounds is inferred exactly, with min and max over symbolic extents where clamping
// may happen.
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct Slice {
  static constexpr std::string_view kName = "slice";

  std::optional<std::vector<std::int64_t>> starts{};
  std::optional<std::vector<std::int64_t>> ends{};
  std::optional<std::vector<std::int64_t>> axes{};
  std::optional<std::vector<std::int64_t>> steps{};

  static constexpr auto fields() {
    return std::make_tuple(field("starts", &Slice::starts), field("ends", &Slice::ends),
                           field("axes", &Slice::axes), field("steps", &Slice::steps));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
