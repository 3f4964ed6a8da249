// LRN. The field 'window_size' is TensorFlow's depth_radius, and alpha multiplies the plain sum of squares.
// Its order says nothing: the converter writes the same one for every network.
#include "ops/lrn.hpp"

#include "importers/uff/node_context.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

Placed lrn(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_fields({"inputs_orders", "outputs_orders"});
  constexpr std::int64_t kMaxRadius = 1 << 20;
  const std::int64_t radius = node.field_int("window_size");
  if (radius < 0 || radius > kMaxRadius)
    node.fail(fmt::format("field 'window_size' has the value {}", radius));
  op::Lrn op;
  op.size = 2 * radius + 1;
  op.alpha = static_cast<float>(node.field_number("alpha") * static_cast<double>(op.size));
  op.beta = static_cast<float>(node.field_number("beta"));
  op.bias = static_cast<float>(node.field_number("k"));
  const AxisOrder order = node.placed(0).channels == Channels::first ? "NC+" : "N+C";
  return node.image(node.add(op, {node.as_image(0, order)}), order);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_lrn(uff::Registry& registry) { registry.add("LRN", uff::lrn); }

}  // namespace tenon
