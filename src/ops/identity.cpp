#include "ops/identity.hpp"

#include "ops/shape_inference.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Identity::infer(InferContext& context) const {
  context.require_inputs(1, 1);
  if (!context.type(0).is_tensor()) return {context.type(0)};
  return {{context.type(0), known_value(context, 0)}};
}

}  // namespace op

void register_op_identity(OpRegistry& registry) { registry.add<op::Identity>(); }

}  // namespace tenon
