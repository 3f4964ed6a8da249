// Elementwise operators of one operand: every one-operand row of ir/pointwise_functions.inc under its own
// name
// ("relu", "exp", "clip", …). y[i] = fn(x[i]; alpha, beta).
//
// x: any shape, a dtype the function is defined for (ops/epilogue.hpp, pointwise_dtype). Result: x's shape;
// x's dtype or bool for predicates.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Unary {
  PointwiseFn fn = PointwiseFn::relu;  // the operator's name, not a field
  float alpha = 0;
  float beta = 0;

  std::string_view name() const { return info(fn).name; }
  Unary prototype() const { return {fn, info(fn).alpha, info(fn).beta}; }
  static constexpr auto fields() {
    return std::make_tuple(field("alpha", &Unary::alpha), field("beta", &Unary::beta));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// With the parameters' default values from the table. InternalError when `fn` does not have one operand.
Unary unary(PointwiseFn fn);
inline Unary unary(PointwiseFn fn, float alpha, float beta) { return Unary{fn, alpha, beta}; }

}  // namespace tenon::op
