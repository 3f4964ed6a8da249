#include "ops/pairwise.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> SquaredDistance::infer(InferContext& context) const {
  context.require_inputs(2, 2);
  const TensorType& a = plain_tensor(context, 0);
  const TensorType& b = plain_tensor(context, 1);
  require_float(context, 0);
  context.require_same_dtype(0, 1);
  require_rank(context, 0, 2);
  require_rank(context, 1, 2);
  if (a.dims && b.dims) static_cast<void>(merge_dim(context, (*a.dims)[1], (*b.dims)[1], "columns"));
  const Dim rows = a.dims ? a.dims->front() : Dim::unknown();
  const Dim columns = b.dims ? b.dims->front() : Dim::unknown();
  return {tensor_type(a.dtype, Dims{rows, columns})};
}

std::vector<Inference> CoupleProbabilities::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  const TensorType& pairs = plain_tensor(context, 0);
  context.require_dtype(0, {DataType::f32, DataType::f64});
  require_rank(context, 0, 2);
  if (classes < 2 || classes > 65535) context.fail(fmt::format("{} classes", classes));
  const std::int64_t expected = classes * (classes - 1) / 2;
  if (pairs.dims && (*pairs.dims)[1].is_const() && (*pairs.dims)[1].value() != expected)
    context.fail(
        fmt::format("{} classes have {} pairs, found {}", classes, expected, (*pairs.dims)[1].value()));
  const Dim rows = pairs.dims ? pairs.dims->front() : Dim::unknown();
  return {tensor_type(pairs.dtype, Dims{rows, Dim(classes)})};
}

}  // namespace op

void register_op_pairwise(OpRegistry& registry) {
  registry.add<op::SquaredDistance>();
  registry.add<op::CoupleProbabilities>();
}

}  // namespace tenon
