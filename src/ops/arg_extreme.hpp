// arg_max, arg_min: i64 index of the largest or smallest element along `axis`; of equal ones the first, or
// with select_last the last.
//
// Operand: x, numeric, rank 1 or more, not empty along the axis. Result: x's dims with the axis 1 (keep_dims)
// or removed.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct ArgMax {
  std::int64_t axis = 0;
  bool keep_dims = true;
  bool select_last = false;

  static constexpr std::string_view kName = "arg_max";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ArgMax::axis), field("keep_dims", &ArgMax::keep_dims),
                           field("select_last", &ArgMax::select_last));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

struct ArgMin {
  std::int64_t axis = 0;
  bool keep_dims = true;
  bool select_last = false;

  static constexpr std::string_view kName = "arg_min";
  static constexpr auto fields() {
    return std::make_tuple(field("axis", &ArgMin::axis), field("keep_dims", &ArgMin::keep_dims),
                           field("select_last", &ArgMin::select_last));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
