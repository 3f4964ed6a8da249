// quantized_average_pool: the mean of integers under each window.
//
//   sum = Σ (x - x_zero) over the elements inside x, exact modulo 2^32
//   y = saturate(round_half_even(float(sum) · (multiplier / float(count))) + y_zero), quotient and product
//   rounded
//       once each
//
// count: the elements of the window inside x, or with count_include_pad inside x and its padding, as in
// average_pool. Operand: x [N, C, spatial…], i8 or u8. An empty kernel is all of the spatial axes. Result:
// [N, C, out…] in x's dtype. Decomposes into dequantize_linear + average_pool + quantize_linear, equal up to
// one quantum.
#pragma once

#include "ir/graph.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::op {

struct QuantizedAveragePool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;
  std::vector<std::int64_t> pad;
  std::vector<std::int64_t> dilation;
  bool ceil_mode = false;
  AutoPad auto_pad = AutoPad::explicit_pads;
  bool count_include_pad = false;
  std::int64_t x_zero = 0;
  float multiplier = 1;  // s_x / s_y
  std::int64_t y_zero = 0;

  static constexpr std::string_view kName = "quantized_average_pool";
  static constexpr auto fields() {
    return std::make_tuple(
        field("kernel", &QuantizedAveragePool::kernel), field("stride", &QuantizedAveragePool::stride),
        field("pad", &QuantizedAveragePool::pad), field("dilation", &QuantizedAveragePool::dilation),
        field("ceil_mode", &QuantizedAveragePool::ceil_mode),
        field("auto_pad", &QuantizedAveragePool::auto_pad),
        field("count_include_pad", &QuantizedAveragePool::count_include_pad),
        field("x_zero", &QuantizedAveragePool::x_zero),
        field("multiplier", &QuantizedAveragePool::multiplier),
        field("y_zero", &QuantizedAveragePool::y_zero));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

}  // namespace tenon::op
