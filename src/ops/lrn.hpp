// lrn: local response normalization across channels.
//
//   y[n, c, …] = x[n, c, …] / (bias + alpha / size · Σ_j x[n, j, …]²)^beta
//   with the channels j from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2) that exist
//
// Operand: x [N, C, …]. Float. Result: x's type.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Lrn {
  std::int64_t size = 5;
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1;

  static constexpr std::string_view kName = "lrn";
  static constexpr auto fields() {
    return std::make_tuple(field("size", &Lrn::size), field("alpha", &Lrn::alpha), field("beta", &Lrn::beta),
                           field("bias", &Lrn::bias));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
