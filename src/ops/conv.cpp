#include "ops/conv.hpp"

#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

Dims conv_output_dims(const InferContext& context, const WindowFields& fields, std::int64_t group,
                      const Dims& x, const Dims& w) {
  if (x.size() < 3 || w.size() != x.size()) {
    context.fail(fmt::format("expected x [N, C, spatial…] and w [M, C/group, kernel…], found {} and {}",
                             to_string(x), to_string(w)));
  }
  if (group < 1 || group > kMaxGeometry)
    context.fail(fmt::format("group: expected 1 to {}, found {}", kMaxGeometry, group));
  check_window_fields(context, fields, x.size() - 2);
  merge_dim(context, x[1], w[1] * Dim(group), "channels of x and of w times group:");
  if (w[0].is_const() && w[0].value() % group != 0) {
    context.fail(fmt::format("{} output channels cannot be divided into {} groups", w[0].value(), group));
  }
  Dims result{x[0], w[0]};
  const Dims spatial = window_output_dims(context, fields, std::span(x).subspan(2), std::span(w).subspan(2));
  result.insert(result.end(), spatial.begin(), spatial.end());
  return result;
}

std::vector<Inference> Conv::infer(InferContext& context) const {
  context.require_inputs(2, kFirstEpilogueOperand + std::max<std::size_t>(epilogue.inputs, 1) - 1);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  TensorType result;
  result.dtype = context.dtype(0);
  if (context.has_rank(0) && context.has_rank(1)) {
    result.dims = conv_output_dims(context, window_fields(*this), group, context.dims(0), context.dims(1));
  }
  if (context.has(2)) {
    context.require_same_dtype(0, 2);
    require_rank(context, 2, 1);
    if (context.has_rank(2) && result.dims)
      merge_dim(context, context.dims(2)[0], (*result.dims)[1], "bias and output channels");
  }
  return {infer_epilogue(context, epilogue, result, kFirstEpilogueOperand)};
}

std::vector<ValueId> Conv::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  return split_epilogue(*this, builder, inputs);
}

}  // namespace op

void register_op_conv(OpRegistry& registry) { registry.add<op::Conv>(); }

}  // namespace tenon
