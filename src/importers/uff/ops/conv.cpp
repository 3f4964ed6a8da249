// Conv, also depthwise: TensorFlow's filters are [spatial…, C, K], with groups [spatial…, group, K/group].
#include "ops/conv.hpp"

#include "importers/uff/window.hpp"
#include "ops/reshape.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

// [group, multiplier, spatial…] → [group·multiplier, 1, spatial…].
ValueId depthwise_weights(NodeContext& node, ValueId weights) {
  Ints shape;
  for (const Dim& dim : *node.graph().type(weights).as_tensor().dims) {
    if (!dim.is_const()) node.fail("the shape of depthwise weights must be known");
    shape.push_back(dim.value());
  }
  if (shape[1] == 1) return weights;
  shape[0] = -1;
  shape[1] = 1;
  return node.add(op::Reshape{}, {weights, node.ints(shape)});
}

Placed conv(NodeContext& node) {
  node.require_inputs(2, 2);
  const auto orders = node.orders({"NC+", "NC+"});
  const ValueId image = node.as_image(0, orders[0]);
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  const Window window = read_window(node, dims.size() - 2);
  op::Conv op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.group = node.find_int("number_groups").value_or(1);

  ValueId weights = node.weights(1, orders[1], "NC+");
  const Dims filter = *node.graph().type(weights).as_tensor().dims;
  if (filter.size() != dims.size())
    node.fail(fmt::format("the weights have rank {}, the input {}", filter.size(), dims.size()));
  if (op.group > 1 && filter[1].is_const(op.group) && provably_equal(dims[1], filter[1]))
    weights = depthwise_weights(node, node.weights(1, orders[1], "CN+"));
  Padding padding = resolve_padding(window, dims, std::span(filter).subspan(2));
  op.pad = std::move(padding.pad);
  op.auto_pad = padding.auto_pad;
  return node.image(node.add(std::move(op), {image, weights}), orders[0]);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_conv(uff::Registry& registry) { registry.add("Conv", uff::conv); }

}  // namespace tenon
