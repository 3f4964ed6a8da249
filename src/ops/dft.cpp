#include "ops/dft.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> Dft::infer(InferContext& context) const {
  context.require_inputs(1, 3);
  const TensorType& x = plain_tensor(context, 0);
  require_float(context, 0);
  require_rank_at_least(context, 0, 2);
  if (context.has(1)) {
    require_index_dtype(context, 1);
    require_one_element(context, 1);
  }
  std::optional<std::int64_t> at = axis;
  if (context.has(2)) {
    if (axis) context.fail("the axis is given twice");
    require_index_dtype(context, 2);
    require_one_element(context, 2);
    if (const auto known = context.constant_ints(2)) at = known->front();
  } else if (!axis) {
    context.fail("no axis");
  }
  if (!x.dims) return {tensor_type(x.dtype, {})};
  Dims dims = *x.dims;
  const Dim& parts = dims.back();
  if (parts.is_const() && !parts.is_const(1) && !parts.is_const(2))
    context.fail(fmt::format("the last dim is {}, expected 1 (real) or 2 (complex)", parts.value()));
  if (onesided && parts.is_const(inverse ? 1 : 2))
    context.fail(inverse ? "a one-sided inverse takes complex numbers"
                         : "a one-sided transform takes real numbers");
  const bool real_result = onesided && inverse;
  dims.back() = real_result ? 1 : 2;
  if (!at) {
    for (std::size_t i = 0; i + 1 < dims.size(); ++i) dims[i] = Dim::unknown();
    return {tensor_type(x.dtype, std::move(dims))};
  }
  const std::int64_t normal = normalize_axis(context, *at, dims.size());
  if (normal + 1 == static_cast<std::int64_t>(dims.size()))
    context.fail("the last axis holds the parts of complex numbers");
  Dim& dim = dims[static_cast<std::size_t>(normal)];
  Dim length = real_result ? (dim - 1) * 2 : dim;
  if (context.has(1)) length = known_scalar(context, 1).value_or(Dim::unknown());
  if (length.is_const() && (length.value() < 1 || length.value() > kMaxTransform))
    context.fail(fmt::format("the length is {}, expected 1 to {}", length.value(), kMaxTransform));
  dim = onesided && !inverse ? floor_div(length, 2) + 1 : length;
  return {tensor_type(x.dtype, std::move(dims))};
}

}  // namespace op

void register_op_dft(OpRegistry& registry) { registry.add<op::Dft>(); }

}  // namespace tenon
