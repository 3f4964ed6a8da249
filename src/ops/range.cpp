#include "ops/range.hpp"

#include "ops/shape_inference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon {
namespace op {

namespace {

Inference integer_range(const InferContext& context, const Dim& start, const Dim& limit, const Dim& delta) {
  const std::int64_t step = delta.value();
  if (step == 0) context.fail("delta is 0");
  const Dim distance = step > 0 ? limit - start : start - limit;
  if (step == std::numeric_limits<std::int64_t>::min()) context.fail("delta is out of range");
  Dim count = ceil_div(distance, step > 0 ? step : -step);
  if (!never_negative(count)) count = max(count, 0);
  std::optional<Dims> value;
  if (count.is_const() && count.value() <= kMaxTrackedElements) {
    value.emplace();
    for (std::int64_t i = 0; i < count.value(); ++i) value->push_back(start + delta * i);
  }
  return {tensor_type(context.dtype(0), Dims{count}), std::move(value)};
}

}  // namespace

std::vector<Inference> Range::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    context.require_same_dtype(0, i);
    plain_tensor(context, i);
    if (context.has_rank(i) && !product(context.dims(i)).is_const(1) && product(context.dims(i)).is_const()) {
      context.fail(
          fmt::format("operand {} has {} elements, expected a scalar", i, product(context.dims(i)).value()));
    }
  }
  const DataType dtype = context.dtype(0);
  require_numeric(context, 0);
  if (is_integer(dtype)) {
    const auto start = known_scalar(context, 0);
    const auto limit = known_scalar(context, 1);
    const auto delta = known_scalar(context, 2);
    if (start && limit && delta && delta->is_const()) return {integer_range(context, *start, *limit, *delta)};
  }
  const auto start = constant_real(context, 0);
  const auto limit = constant_real(context, 1);
  const auto delta = constant_real(context, 2);
  if (!start || !limit || !delta) return {tensor_type(dtype, unknown_dims(1))};
  if (*delta == 0) context.fail("delta is 0");
  const double count = std::max(std::ceil((*limit - *start) / *delta), 0.0);
  if (!(count < 9.0e18)) context.fail(fmt::format("{} elements", count));
  return {tensor_type(dtype, Dims{static_cast<std::int64_t>(count)})};
}

}  // namespace op

void register_op_range(OpRegistry& registry) { registry.add<op::Range>(); }

}  // namespace tenon
