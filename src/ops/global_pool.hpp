// global_average_pool, global_max_pool, global_lp_pool: one value per channel, over all spatial axes.
//
// Operand: x [N, C, spatial…], float. Result: [N, C, 1…] of x's dtype.
#pragma once

#include "ir/op.hpp"

namespace tenon::op {

struct GlobalAveragePool {
  static constexpr std::string_view kName = "global_average_pool";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

struct GlobalMaxPool {
  static constexpr std::string_view kName = "global_max_pool";
  static constexpr auto fields() { return std::make_tuple(); }
  std::vector<Inference> infer(InferContext& context) const;
};

struct GlobalLpPool {
  std::int64_t p = 2;

  static constexpr std::string_view kName = "global_lp_pool";
  static constexpr auto fields() { return std::make_tuple(field("p", &GlobalLpPool::p)); }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
