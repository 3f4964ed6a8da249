// reverse_sequence(data, lengths) → per batch entry b, the first lengths[b] steps in reverse order; the rest
// as they are.
//
//   lengths                 i64[batch], in [0, time]
//   time_axis, batch_axis   one is 0, the other 1
#pragma once

#include "ir/op.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>
#include <vector>

namespace tenon::op {

struct ReverseSequence {
  static constexpr std::string_view kName = "reverse_sequence";

  std::int64_t time_axis = 0;
  std::int64_t batch_axis = 1;

  static constexpr auto fields() {
    return std::make_tuple(field("time_axis", &ReverseSequence::time_axis),
                           field("batch_axis", &ReverseSequence::batch_axis));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
