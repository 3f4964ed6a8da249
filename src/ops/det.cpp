#include "ops/det.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Det::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& x = plain_tensor(context, 0);
  context.require_dtype(0, {DataType::f16, DataType::bf16, DataType::f32, DataType::f64});
  TensorType result{x.dtype, std::nullopt, {}, {}};
  if (!x.dims) return {result};
  const std::size_t rank = x.dims->size();
  if (rank < 2) context.fail(fmt::format("operand 0 has rank {}, expected at least 2", rank));
  const Dim& rows = (*x.dims)[rank - 2];
  const Dim& columns = (*x.dims)[rank - 1];
  if (rows.is_const() && columns.is_const() && rows.value() != columns.value()) {
    context.fail(
        fmt::format("the matrices are {} by {}, expected square ones", rows.value(), columns.value()));
  }
  result.dims.emplace(x.dims->begin(), x.dims->end() - 2);
  return {result};
}

}  // namespace op

void register_op_det(OpRegistry& registry) { registry.add<op::Det>(); }

}  // namespace tenon
