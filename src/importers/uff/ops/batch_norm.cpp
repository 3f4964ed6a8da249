// BatchNorm: operands gamma, beta, moving mean, moving variance, one element for a channel.
#include "ops/batch_norm.hpp"

#include "importers/uff/node_context.hpp"

namespace tenon::uff {
namespace {

Placed batch_norm(NodeContext& node) {
  node.require_inputs(5, 5);
  const AxisOrder order = node.orders({"NC+"})[0];
  std::vector<ValueId> operands = {node.as_image(0, order)};
  for (std::size_t i = 1; i < 5; ++i) operands.push_back(node.in_file_order(i));
  const op::BatchNorm op{.epsilon = static_cast<float>(node.field_number("epsilon"))};
  return node.image(node.add(op, std::move(operands)), order);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_batch_norm(uff::Registry& registry) { registry.add("BatchNorm", uff::batch_norm); }

}  // namespace tenon
