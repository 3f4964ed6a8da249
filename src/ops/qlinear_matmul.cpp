#include "ops/qlinear_matmul.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"

namespace tenon {
namespace op {

std::vector<Inference> QLinearMatMul::infer(InferContext& context) const {
  context.require_inputs(8, 8);
  for (const std::size_t i : {0, 3, 7}) {
    context.require_dtype(i, {DataType::u8, DataType::i8, DataType::f8e4m3fn, DataType::f8e4m3fnuz,
                              DataType::f8e5m2, DataType::f8e5m2fnuz});
  }
  for (const std::size_t i : {1, 4, 6})
    context.require_dtype(i, {DataType::f32, DataType::f16, DataType::bf16});
  context.require_same_dtype(0, 2);
  context.require_same_dtype(3, 5);
  std::optional<Dims> dims;
  if (context.has_rank(0) && context.has_rank(3)) {
    dims = matmul_output_dims(context, context.dims(0), context.dims(3), false, false);
  }
  return {tensor_type(context.dtype(7), std::move(dims))};
}

}  // namespace op

void register_op_qlinear_matmul(OpRegistry& registry) { registry.add<op::QLinearMatMul>(); }

}  // namespace tenon
