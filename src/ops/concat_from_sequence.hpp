// concat_from_sequence(sequence) → its tensors joined along `axis`, or with new_axis stacked along a new axis
// there.
//
//   axis    in [-rank, rank), with new_axis in [-(rank+1), rank]
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ConcatFromSequence {
  static constexpr std::string_view kName = "concat_from_sequence";

  std::int64_t axis = 0;
  bool new_axis = false;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ConcatFromSequence::axis),
                           field("new_axis", &ConcatFromSequence::new_axis));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
