#include "ops/one_hot.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> OneHot::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  const TensorType& indices = plain_tensor(context, 0);
  require_numeric(context, 0);
  require_numeric(context, 1);
  const DataType dtype = context.dtype(2);
  require_rank(context, 2, 1);
  if (context.has_rank(2) && context.dims(2)[0].is_const() && !context.dims(2)[0].is_const(2)) {
    context.fail(fmt::format("values have {} elements, expected [off, on]", context.dims(2)[0].value()));
  }
  if (!indices.dims) return {tensor_type(dtype, {})};
  const auto rank = static_cast<std::int64_t>(indices.dims->size());
  const std::int64_t at = normalize_axis(context, axis, rank + 1);
  Dim depth = known_scalar(context, 1).value_or(Dim::unknown());
  if (const auto real = constant_real(context, 1)) {
    // Also refuses NaN.
    if (!(*real >= 0 && *real < 9.0e18)) context.fail(fmt::format("depth is {}", *real));
    depth = static_cast<std::int64_t>(*real);
  }
  if (depth.is_const() && depth.value() < 0) context.fail(fmt::format("depth is {}", depth.value()));
  Dims dims = *indices.dims;
  dims.insert(dims.begin() + at, depth);
  return {tensor_type(dtype, std::move(dims))};
}

}  // namespace op

void register_op_one_hot(OpRegistry& registry) { registry.add<op::OneHot>(); }

}  // namespace tenon
