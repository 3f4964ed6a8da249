// max_pool: the largest element under each window; padding never wins.
//
// Operand: x [N, C, spatial…], float or integer. Results: y [N, C, out…] of x's dtype, and where asked the
// i64 indices of the maxima (the first of equal ones) in the flattened x, its spatial axes taken in row-major
// order, or with column_major in reverse order.
#pragma once

#include "ir/op.hpp"
#include "ops/window.hpp"

namespace tenon::op {

struct MaxPool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride;    // empty: ones
  std::vector<std::int64_t> pad;       // begins, then ends; empty: zeros
  std::vector<std::int64_t> dilation;  // empty: ones
  bool ceil_mode = false;
  AutoPad auto_pad = AutoPad::explicit_pads;
  bool column_major = false;  // of the indices

  static constexpr std::string_view kName = "max_pool";
  static constexpr auto fields() {
    return std::make_tuple(field("kernel", &MaxPool::kernel), field("stride", &MaxPool::stride),
                           field("pad", &MaxPool::pad), field("dilation", &MaxPool::dilation),
                           field("ceil_mode", &MaxPool::ceil_mode), field("auto_pad", &MaxPool::auto_pad),
                           field("column_major", &MaxPool::column_major));
  }
  std::vector<Inference> infer(InferContext& context) const;
};

// [N, C, out…] for a pool with that kernel over x; nothing when x's rank is unknown. Checks the fields.
std::optional<Dims> pool_output_dims(const InferContext& context, const WindowFields& fields,
                                     std::span<const std::int64_t> kernel);

}  // namespace tenon::op
