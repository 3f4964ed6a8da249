// where: y[i] = condition[i] ? a[i] : b[i], all three broadcast together.
//
// condition: bool. a, b: one dtype, any. Known integer values are selected by a known condition.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct Where {
  static constexpr std::string_view kName = "where";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
