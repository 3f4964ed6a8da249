#include "ops/conv_integer.hpp"

#include "ops/conv.hpp"
#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> ConvInteger::infer(InferContext& context) const {
  context.require_inputs(2, 4);
  context.require_dtype(0, {DataType::u8, DataType::i8});
  context.require_dtype(1, {DataType::u8, DataType::i8});
  std::optional<Dims> dims;
  if (context.has_rank(0) && context.has_rank(1)) {
    dims = conv_output_dims(context, window_fields(*this), group, context.dims(0), context.dims(1));
  }
  for (const std::size_t i : {2, 3}) {
    if (!context.has(i)) continue;
    context.require_same_dtype(i - 2, i);
    if (!context.has_rank(i) || context.dims(i).empty()) continue;
    require_rank(context, i, 1);
    const Dim& size = context.dims(i)[0];
    const bool per_channel = i == 3 && dims && !size.is_const(1);
    merge_dim(context, size, per_channel ? (*dims)[1] : Dim(1), "zero point:");
  }
  return {tensor_type(DataType::i32, std::move(dims))};
}

}  // namespace op

void register_op_conv_integer(OpRegistry& registry) { registry.add<op::ConvInteger>(); }

}  // namespace tenon
