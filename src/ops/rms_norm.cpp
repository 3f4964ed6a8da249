#include "ops/rms_norm.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> RmsNorm::infer(InferContext& context) const {
  context.require_inputs(1, 2);
  require_float(context, 0);
  if (context.has_rank(0)) normalize_axis(context, axis, context.dims(0).size());
  if (context.has(1)) {
    require_float(context, 1);
    if (context.has_rank(0) && context.has_rank(1)) {
      require_broadcastable_to(context, context.dims(1), context.dims(0), "scale of shape");
    }
  }
  const DataType result = context.has(1) ? context.dtype(1) : context.dtype(0);
  return {tensor_type(result, context.tensor(0).dims)};
}

}  // namespace op

void register_op_rms_norm(OpRegistry& registry) { registry.add<op::RmsNorm>(); }

}  // namespace tenon
