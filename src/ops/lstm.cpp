#include "ops/lstm.hpp"

#include "ops/infer_helpers.hpp"

namespace tenon {
namespace op {

std::vector<Inference> Lstm::infer(InferContext& context) const {
  context.require_inputs(3, 8);
  std::vector<Inference> results = infer_recurrent(context, 4, hidden_size, direction, batch_first);
  const int directions = direction == Direction::bidirectional ? 2 : 1;
  resolve_activations(activations, activation_alpha, activation_beta, kDefaultActivations, directions);
  for (const std::size_t i : {6, 7}) {
    if (context.has(i)) context.require_same_dtype(0, i);
  }
  if (context.has(7)) {
    require_rank(context, 7, 2);
    if (context.has_rank(7)) {
      merge_dim(context, context.dims(7)[0], Dim(directions), "peephole directions");
      merge_dim(context, context.dims(7)[1], Dim(3 * hidden_size), "peephole weights");
    }
  }
  results.push_back(results[1]);
  return results;
}

}  // namespace op

void register_op_lstm(OpRegistry& registry) { registry.add<op::Lstm>(); }

}  // namespace tenon
