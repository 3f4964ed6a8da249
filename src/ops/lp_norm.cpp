#include "ops/lp_norm.hpp"

#include "ops/infer_helpers.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> LpNorm::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_float(context, 0);
  if (p != 1 && p != 2) context.fail(fmt::format("p: expected 1 or 2, found {}", p));
  if (context.has_rank(0)) normalize_axis(context, axis, context.dims(0).size());
  return {tensor_type(context.dtype(0), context.tensor(0).dims)};
}

}  // namespace op

void register_op_lp_norm(OpRegistry& registry) { registry.add<op::LpNorm>(); }

}  // namespace tenon
