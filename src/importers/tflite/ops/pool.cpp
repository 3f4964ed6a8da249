// AVERAGE_POOL_2D, whose padding does not count, and MAX_POOL_2D.
#include "importers/tflite/node_context.hpp"
#include "ops/average_pool.hpp"
#include "ops/max_pool.hpp"

namespace tenon::tflite {
namespace {

template <class Op>
std::vector<Placed> pool_2d(NodeContext& node) {
  enum : std::size_t { padding, stride_w, stride_h, filter_w, filter_h, activation };
  const ValueId image = node.image(0);
  Op op;
  op.kernel = window_option(node, filter_h, filter_w, 0);
  op.stride = window_option(node, stride_h, stride_w, 0);
  set_padding(node, op, padding, *node.graph().type(image).as_tensor().dims, op.kernel);
  return one(node.activate(node.add(std::move(op), {image}, 1), activation), true);
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_pool(tflite::Registry& registry) {
  registry.add(1, "AVERAGE_POOL_2D", tflite::pool_2d<op::AveragePool>);
  registry.add(17, "MAX_POOL_2D", tflite::pool_2d<op::MaxPool>);
}

}  // namespace tenon
