#include "ops/lp_pool.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/max_pool.hpp"

#include <fmt/format.h>

namespace tenon {
namespace op {

std::vector<Inference> LpPool::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_float(context, 0);
  if (p < 1) context.fail(fmt::format("p: expected 1 or more, found {}", p));
  return {tensor_type(context.dtype(0), pool_output_dims(context, window_fields(*this), kernel))};
}

}  // namespace op

void register_op_lp_pool(OpRegistry& registry) { registry.add<op::LpPool>(); }

}  // namespace tenon
