#include "ops/average_pool.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/max_pool.hpp"

namespace tenon {
namespace op {

std::vector<Inference> AveragePool::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  require_float(context, 0);
  return {tensor_type(context.dtype(0), pool_output_dims(context, window_fields(*this), kernel))};
}

}  // namespace op

void register_op_average_pool(OpRegistry& registry) { registry.add<op::AveragePool>(); }

}  // namespace tenon
