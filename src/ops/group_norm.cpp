#include "ops/group_norm.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> GroupNorm::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  require_float(context, 0);
  require_rank_at_least(context, 0, 2);
  if (num_groups < 1) context.fail(fmt::format("num_groups: expected 1 or more, found {}", num_groups));
  const Dim channels = context.has_rank(0) ? context.dims(0)[1] : Dim::unknown();
  if (channels.is_const() && channels.value() % num_groups != 0) {
    context.fail(fmt::format("{} channels cannot be divided into {} groups", channels.value(), num_groups));
  }
  for (std::size_t i = 1; i < 3; ++i) {
    context.require_same_dtype(0, i);
    require_rank(context, i, 1);
    if (!context.has_rank(i) || context.dims(i)[0].is_const(num_groups)) continue;
    merge_dim(context, context.dims(i)[0], channels, "parameter and channels of x:");
  }
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace op

void register_op_group_norm(OpRegistry& registry) { registry.add<op::GroupNorm>(); }

}  // namespace tenon
