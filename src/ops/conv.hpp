// conv: cross-correlation over 1, 2, 3 or more spatial axes, with bias and a pointwise epilogue.
//
//   y[n, m, o…] = epilogue(bias[m] + Σ_c Σ_k… w[m, c, k…] · x[n, g·C/group + c, i…])
//   with i = o·stride - pad + k·dilation on each spatial axis, and g = floor(m / (M/group))
//
// Operands: x [N, C, spatial…], w [M, C/group, kernel…], bias [M] or absent, then the epilogue's registers 1
// … n (of the output's shape or broadcastable to it). One float dtype for x, w and bias. Reads outside of x
// count as 0. Decomposes into conv without epilogue + pointwise; into nothing when there is no epilogue.
#pragma once

#include "ir/graph.hpp"
#include "ops/window.hpp"

#include <span>

namespace tenon::op {

struct Conv {
  std::vector<std::int64_t> stride;    // empty: ones
  std::vector<std::int64_t> pad;       // begins, then ends; empty: zeros
  std::vector<std::int64_t> dilation;  // empty: ones
  std::int64_t group = 1;
  AutoPad auto_pad = AutoPad::explicit_pads;
  PointwiseProgram epilogue;

  static constexpr std::string_view kName = "conv";
  static constexpr std::size_t kFirstEpilogueOperand = 3;
  static constexpr auto fields() {
    return std::make_tuple(field("stride", &Conv::stride), field("pad", &Conv::pad),
                           field("dilation", &Conv::dilation), field("group", &Conv::group),
                           field("auto_pad", &Conv::auto_pad), field("epilogue", &Conv::epilogue));
  }
  std::vector<Inference> infer(InferContext& context) const;
  std::vector<ValueId> decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const;
};

// Output dims of a convolution of x with w ([M, C/group, kernel…]) under these fields; checks ranks, channels
// and groups.
Dims conv_output_dims(const InferContext& context, const WindowFields& fields, std::int64_t group,
                      const Dims& x, const Dims& w);

}  // namespace tenon::op
