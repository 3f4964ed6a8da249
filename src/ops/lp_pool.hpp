// lp_pool: (Σ |x|^p)^(1/p) under each window; padding counts as 0.
//
// Operand: x [N, C, spatial…], float. Result: y [N, C, out…] of x's dtype.
#pragma once

#include "ir/op.hpp"
#include "ops/window.hpp"

namespace tenon::op {

struct LpPool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  bool ceil_mode = false;
  AutoPad auto_pad = AutoPad::explicit_pads;
  std::int64_t p = 2;

  static constexpr std::string_view kName = "lp_pool";
  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &LpPool::kernel), field("stride", &LpPool::stride),
                           field("pad", &LpPool::pad), field("dilation", &LpPool::dilation),
                           field("ceil_mode", &LpPool::ceil_mode), field("auto_pad", &LpPool::auto_pad),
                           field("p", &LpPool::p));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
