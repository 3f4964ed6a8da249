#include "ops/dequantize_linear.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/quantize_linear.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> DequantizeLinear::infer(InferContext& context) const {
  context.require_inputs(2, 3);
  const DataType x = context.dtype(0);
  const bool quantized = (is_integer(x) && bit_width(x) <= 32) || (is_floating_point(x) && bit_width(x) <= 8);
  if (!quantized) context.fail(fmt::format("{} is not a quantized dtype", name(x)));
  context.require_dtype(1, {DataType::f32, DataType::f16, DataType::bf16, DataType::f8e8m0});
  if (context.has(2)) context.require_same_dtype(0, 2);
  check_quantization(context, 1, 2, axis, block_size);
  const DataType natural = is_compute_float(context.dtype(1)) ? context.dtype(1) : DataType::f32;
  const DataType result = output_dtype.value_or(natural);
  if (!is_compute_float(result))
    context.fail(fmt::format("output_dtype: expected a float, found {}", name(result)));
  return {tensor_type(result, context.tensor(0).dims)};
}

}  // namespace op

void register_op_dequantize_linear(OpRegistry& registry) { registry.add<op::DequantizeLinear>(); }

}  // namespace tenon
