#include "ops/quantized_average_pool.hpp"

#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/max_pool.hpp"
#include "ops/quantized.hpp"

#include <algorithm>

namespace tenon {
namespace op {

std::vector<Inference> QuantizedAveragePool::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  context.require_dtype(0, {DataType::i8, DataType::u8});
  check_zero_point(context, "x_zero", x_zero, context.dtype(0));
  check_zero_point(context, "y_zero", y_zero, context.dtype(0));
  if (!kernel.empty())
    return {tensor_type(context.dtype(0), pool_output_dims(context, window_fields(*this), kernel))};
  if (!stride.empty() || !pad.empty() || !dilation.empty())
    context.fail("fields of a window without a kernel");
  require_rank_at_least(context, 0, 3);
  std::optional<Dims> dims;
  if (context.has_rank(0)) {
    dims = context.dims(0);
    std::fill(dims->begin() + 2, dims->end(), Dim(1));
  }
  return {tensor_type(context.dtype(0), std::move(dims))};
}

std::vector<ValueId> QuantizedAveragePool::decompose(NodeBuilder& builder,
                                                     std::span<const ValueId> inputs) const {
  const DataType dtype = builder.type(inputs[0]).as_tensor().dtype;
  const ValueId x = dequantized(builder, inputs[0], x_zero, multiplier);
  AveragePool pool{kernel, stride, pad, dilation, ceil_mode, auto_pad, count_include_pad};
  const ValueId mean =
      kernel.empty() ? builder.add(GlobalAveragePool{}, {x}) : builder.add(std::move(pool), {x});
  return {quantized(builder, mean, y_zero, dtype)};
}

}  // namespace op

void register_op_quantized_average_pool(OpRegistry& registry) { registry.add<op::QuantizedAveragePool>(); }

}  // namespace tenon
