// split_to_sequence(data, split?) → the parts of data along `axis` as a sequence.
//
//   split      i32 or i64: one scalar, the extent of every part but possibly the last; or a vector of extents
//              that sum to the dim. Absent: parts of extent 1
//   keep_dims  only without `split`: false drops the axis of extent 1
//   axis       in [-rank, rank)
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct SplitToSequence {
  static constexpr std::string_view kName = "split_to_sequence";

  std::int64_t axis = 0;
  bool keep_dims = true;

  static constexpr auto fields() {
    return std::make_tuple(field("axis", &SplitToSequence::axis),
                           field("keep_dims", &SplitToSequence::keep_dims));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
