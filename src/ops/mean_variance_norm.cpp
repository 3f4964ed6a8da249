#include "ops/mean_variance_norm.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> MeanVarianceNorm::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_float(context, 0);
  if (context.has_rank(0)) normalize_axes(context, axes, context.dims(0).size());
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace op

void register_op_mean_variance_norm(OpRegistry& registry) { registry.add<op::MeanVarianceNorm>(); }

}  // namespace tenon
