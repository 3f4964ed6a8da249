// cum_sum, cum_prod: running sum or product along an axis; `exclusive` leaves the element itself out
// (starting from 0 or 1), `reverse` runs from the end.
//
// Operands: x (float or integer), axis (i32 or i64 scalar or [1]). Result: x's type; integers wrap.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct CumSum {
  bool exclusive = false;
  bool reverse = false;

  static constexpr std::string_view kName = "cum_sum";
  static constexpr auto fields() {
    return std::make_tuple(field("exclusive", &CumSum::exclusive), field("reverse", &CumSum::reverse));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

struct CumProd {
  bool exclusive = false;
  bool reverse = false;

  static constexpr std::string_view kName = "cum_prod";
  static constexpr auto fields() {
    return std::make_tuple(field("exclusive", &CumProd::exclusive), field("reverse", &CumProd::reverse));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
