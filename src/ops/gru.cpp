#include "ops/gru.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Gru::infer(InferContext& context) const {
  context.require_inputs(3, 6);
  const int directions = direction == Direction::bidirectional ? 2 : 1;
  resolve_activations(activations, activation_alpha, activation_beta, kDefaultActivations, directions);
  return infer_recurrent(context, 3, hidden_size, direction, batch_first);
}

}  // namespace op

void register_op_gru(OpRegistry& registry) { registry.add<op::Gru>(); }

}  // namespace tenon
