// average_pool: the mean under each window, over the elements inside x, or with count_include_pad over those
// inside x and its padding (what ceil_mode adds behind the padding never counts).
//
// Operand: x [N, C, spatial…], float. Result: y [N, C, out…] of x's dtype.
#pragma once

#include "ir/op.hpp"
#include "ops/window.hpp"

namespace tenon::op {

struct AveragePool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  bool ceil_mode = false;
  AutoPad auto_pad = AutoPad::explicit_pads;
  bool count_include_pad = false;

  static constexpr std::string_view kName = "average_pool";
  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &AveragePool::kernel), field("stride", &AveragePool::stride),
                           field("pad", &AveragePool::pad), field("dilation", &AveragePool::dilation),
                           field("ceil_mode", &AveragePool::ceil_mode),
                           field("auto_pad", &AveragePool::auto_pad),
                           field("count_include_pad", &AveragePool::count_include_pad));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

}  // namespace tenon::op
