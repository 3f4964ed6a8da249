#include "ops/deform_conv.hpp"

#include "ops/conv.hpp"
#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> DeformConv::infer(InferContext& context) const {
  context.require_inputs(3, 5);
  require_float(context, 0);
  for (std::size_t i = 1; i < context.input_count(); ++i) {
    if (context.has(i)) context.require_same_dtype(0, i);
  }
  for (const std::size_t i : {0, 1, 2, 4}) {
    if (context.has(i)) require_rank(context, i, 4);
  }
  require_rank(context, 3, 1);
  if (!context.has_rank(0) || !context.has_rank(1)) return {tensor_type(context.dtype(0), std::nullopt)};
  if (offset_group < 1 || offset_group > kMaxGeometry) {
    context.fail(fmt::format("offset_group: expected 1 to {}, found {}", kMaxGeometry, offset_group));
  }

  const Dims& x = context.dims(0);
  const Dims& w = context.dims(1);
  if (x[1].is_const() && x[1].value() % offset_group != 0) {
    context.fail(
        fmt::format("{} channels cannot be divided into {} offset groups", x[1].value(), offset_group));
  }
  Dims result = conv_output_dims(context, window(), group, x, w);
  auto check = [&](std::size_t operand, std::int64_t per_tap) {
    if (!context.has(operand) || !context.has_rank(operand)) return;
    const Dims& dims = context.dims(operand);
    merge_dim(context, dims[0], x[0], "batch");
    merge_dim(context, dims[1], Dim(per_tap * offset_group) * w[2] * w[3], "offset or mask channels");
    merge_dim(context, dims[2], result[2], "offset or mask rows");
    merge_dim(context, dims[3], result[3], "offset or mask columns");
  };
  check(2, 2);
  check(4, 1);
  if (context.has(3) && context.has_rank(3))
    merge_dim(context, context.dims(3)[0], w[0], "bias and output channels");
  return {tensor_type(context.dtype(0), std::move(result))};
}

}  // namespace op

void register_op_deform_conv(OpRegistry& registry) { registry.add<op::DeformConv>(); }

}  // namespace tenon
