// Softmax. Axis 0, which the converter writes where TensorFlow has no axis, means the channels.
#include "ops/softmax.hpp"

#include "importers/uff/node_context.hpp"

namespace tenon::uff {
namespace {

Placed softmax(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_fields({"inputs_orders", "outputs_orders"});
  const std::int64_t named = node.find_int("axis").value_or(0);
  Placed result = node.placed(0);
  const std::int64_t axis = node.graph_axis(0, named == 0 ? node.channel_axis(0) : named);
  result.id = node.add(op::Softmax{axis}, {result.id});
  return result;
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_softmax(uff::Registry& registry) { registry.add("Softmax", uff::softmax); }

}  // namespace tenon
