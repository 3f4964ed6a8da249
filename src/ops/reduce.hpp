// Reductions over axes, one operator per function: reduce_sum, reduce_mean, reduce_max, reduce_min,
// reduce_prod, reduce_l1, reduce_l2, reduce_log_sum, reduce_log_sum_exp, reduce_sum_square.
//
// Operands: x, and axes (i64 [k]) when they are not a field. No axes at all: every axis, or with
// noop_with_empty_axes a reduction over no axis (each element alone, so sum is the identity and sum_square
// squares). keep_dims leaves reduced axes with size 1. x: numeric (max and min: bool too). Result: x's dtype;
// integers wrap; the mean of integers truncates. Over no elements: sum 0, prod 1, max the lowest, min the
// highest value (infinities for float), mean NaN.
#pragma once

#include "ir/op.hpp"

#include <optional>
#include <string_view>

namespace tenon::op {

enum class ReduceFn : std::uint8_t { sum, mean, max, min, prod, l1, l2, log_sum, log_sum_exp, sum_square };
inline constexpr int kReduceFnCount = 10;

std::string_view name(ReduceFn fn) noexcept;  // "reduce_sum", …

struct Reduce {
  ReduceFn fn = ReduceFn::sum;  // the operator's name, not a field
  std::vector<std::int64_t> axes;
  bool keep_dims = true;
  bool noop_with_empty_axes = false;

  std::string_view name() const { return op::name(fn); }
  Reduce prototype() const {
    Reduce result;
    result.fn = fn;
    return result;
  }
  static constexpr auto fields() {
    return std::make_tuple(field("axes", &Reduce::axes), field("keep_dims", &Reduce::keep_dims),
                           field("noop_with_empty_axes", &Reduce::noop_with_empty_axes));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
