#include "ops/matmul_integer.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"

namespace tenon {
namespace op {

std::vector<Inference> MatMulInteger::infer(InferContext& context) const {
  context.require_inputs(2, 4);
  for (const std::size_t i : {0, 1}) {
    context.require_dtype(i, {DataType::u8, DataType::i8});
    if (context.has(i + 2)) context.require_same_dtype(i, i + 2);
  }
  std::optional<Dims> dims;
  if (context.has_rank(0) && context.has_rank(1)) {
    dims = matmul_output_dims(context, context.dims(0), context.dims(1), false, false);
  }
  return {tensor_type(DataType::i32, std::move(dims))};
}

}  // namespace op

void register_op_matmul_integer(OpRegistry& registry) { registry.add<op::MatMulInteger>(); }

}  // namespace tenon
