// einsum: sum of products of operands along named axes, e.g. "bij,bjk->bik", "...ij->...ji", "ii->i".
//
// One letter (a-z, A-Z) per axis, "..." for any leading axes (they broadcast); a letter repeated within a
// term takes the diagonal. Without "->" the result has the ellipsis first, then the letters that occur once,
// in alphabetical order. Operands: one or more tensors of one numeric dtype.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Einsum {
  std::string equation;

  static constexpr std::string_view kName = "einsum";
  static constexpr auto fields() { return std::make_tuple(field("equation", &Einsum::equation)); }
  std::vector<Inference> infer(InferContext& context) const;
};

// The equation for operands of known ranks. Axes are labelled: letters by their character, ellipsis axes by
// -1 (the last one), -2, …
struct EinsumPlan {
  std::vector<std::vector<int>> operands;  // a label per axis
  std::vector<int> output;
};
EinsumPlan parse_einsum(std::string_view equation, std::span<const std::size_t> ranks);  // ModelError

}  // namespace tenon::op
