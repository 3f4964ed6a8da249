#include "ops/instance_norm.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> InstanceNorm::infer(InferContext& context) const {
  context.require_inputs(3, 3);
  require_float(context, 0);
  require_rank_at_least(context, 0, 3);
  for (std::size_t i = 1; i < 3; ++i) {
    context.require_same_dtype(0, i);
    require_rank(context, i, 1);
    if (context.has_rank(0) && context.has_rank(i)) {
      merge_dim(context, context.dims(i)[0], context.dims(0)[1], "parameter and channels of x:");
    }
  }
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace op

void register_op_instance_norm(OpRegistry& registry) { registry.add<op::InstanceNorm>(); }

}  // namespace tenon
