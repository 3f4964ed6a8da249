#include "ops/reduce.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/shape_inference.hpp"

#include <algorithm>
#include <array>

namespace tenon {
namespace op {
namespace {

constexpr std::array<std::string_view, kReduceFnCount> kReduceNames = {
    "reduce_sum", "reduce_mean", "reduce_max",     "reduce_min",         "reduce_prod",
    "reduce_l1",  "reduce_l2",   "reduce_log_sum", "reduce_log_sum_exp", "reduce_sum_square"};

// Dims without the reduced axes, which stay as ones under keep_dims.
Dims reduced_dims(const InferContext& context, const Reduce& op, const Dims& x,
                  const std::vector<std::int64_t>& axes) {
  const std::vector<std::int64_t> normal = normalize_axes(context, axes, x.size());
  const bool all = normal.empty() && !op.noop_with_empty_axes;
  Dims result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool reduced =
        all || std::find(normal.begin(), normal.end(), static_cast<std::int64_t>(i)) != normal.end();
    if (!reduced) {
      result.push_back(x[i]);
    } else if (op.keep_dims) {
      result.emplace_back(1);
    }
  }
  return result;
}

}  // namespace

std::string_view name(ReduceFn fn) noexcept { return kReduceNames[static_cast<std::size_t>(fn)]; }

std::vector<Inference> Reduce::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  const bool ordering = fn == ReduceFn::max || fn == ReduceFn::min;
  if (!ordering || context.dtype(0) != DataType::boolean) require_numeric(context, 0);
  if (context.has(1)) {
    context.require_dtype(1, {DataType::i64, DataType::i32});
    require_max_rank(context, 1, 1);
    if (!axes.empty()) context.fail("axes are given both as a field and as an operand");
  }
  const DataType dtype = context.dtype(0);
  if (!context.has_rank(0)) return {tensor_type(dtype, std::nullopt)};
  const Dims& x = context.dims(0);
  if (!context.has(1)) return {tensor_type(dtype, reduced_dims(context, *this, x, axes))};
  if (const auto known = context.constant_ints(1))
    return {tensor_type(dtype, reduced_dims(context, *this, x, *known))};
  if (keep_dims) return {tensor_type(dtype, unknown_dims(x.size()))};
  return {tensor_type(dtype, std::nullopt)};
}

}  // namespace op

void register_op_reduce(OpRegistry& registry) {
  for (int i = 0; i < op::kReduceFnCount; ++i) {
    op::Reduce reduce;
    reduce.fn = static_cast<op::ReduceFn>(i);
    registry.add(reduce);
  }
}

}  // namespace tenon
