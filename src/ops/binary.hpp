// Elementwise operators of two operands with multidirectional broadcasting: every two-operand row of
// ir/pointwise_functions.inc under its own name ("add", "pow", "less", …). y[i] = fn(a[i], b[i]).
//
// a, b: one dtype (pow: b may have any numeric dtype). Result: the broadcast shape; a's dtype, or bool for
// comparisons. add, sub, mul, min, max, div by a constant, and equal (as 0 and 1), of known integer values
// (shape arithmetic) also infer the values.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Binary {
  PointwiseFn fn = PointwiseFn::add;  // the operator's name, not a field
  float alpha = 0;
  float beta = 0;

  std::string_view name() const { return info(fn).name; }
  Binary prototype() const { return {fn, info(fn).alpha, info(fn).beta}; }
  static constexpr auto fields() {
    return std::make_tuple(field("alpha", &Binary::alpha), field("beta", &Binary::beta));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// With the parameters' default values from the table. InternalError when `fn` does not have two operands.
Binary binary(PointwiseFn fn);

}  // namespace tenon::op
