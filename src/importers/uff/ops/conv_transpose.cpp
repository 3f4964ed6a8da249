// ConvTranspose: the gradient of a convolution that had an image of the third operand's shape as its input.
// TensorFlow's filters are [spatial…, K, C] here.
#include "ops/conv_transpose.hpp"

#include "importers/uff/window.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::uff {
namespace {

// Spatial sizes of the result; nothing when one is computed.
std::optional<Ints> wanted_size(const NodeContext& node, const AxisOrder& order) {
  const auto shape = node.known_dims(2);
  if (!shape) return std::nullopt;
  if (shape->size() != static_cast<std::size_t>(node.rank(0))) {
    node.fail(fmt::format("the wanted shape has {} dims, the input {}", shape->size(), node.rank(0)));
  }
  Ints size;
  const std::size_t first = order.find('+');
  for (std::size_t i = 0; i + 2 < shape->size(); ++i) {
    const Dim& dim = (*shape)[first + i];
    if (!dim.is_const()) return std::nullopt;
    size.push_back(dim.value());
  }
  return size;
}

// What an axis is larger than the windows on it, without SAME.
std::int64_t rest(NodeContext& node, const op::ConvTranspose& op, const Dims& image, const Dims& filter,
                  std::size_t axis, std::int64_t wanted) {
  const std::size_t spatial = image.size() - 2;
  if (!image[axis + 2].is_const() || !filter[axis + 2].is_const()) return 0;
  const auto at = [axis](const Ints& list, std::int64_t otherwise) {
    return list.empty() ? otherwise : list[axis];
  };
  const Dim extent =
      (image[axis + 2] - 1) * at(op.stride, 1) + (filter[axis + 2] - 1) * at(op.dilation, 1) + 1;
  const std::int64_t padding = op.pad.empty() ? 0 : op.pad[axis] + op.pad[axis + spatial];
  const std::int64_t rest = (Dim(wanted) - extent + padding).value();
  if (rest < 0 || rest >= at(op.stride, 1)) {
    node.fail(fmt::format("a result of size {} does not fit a window axis of size {}", wanted,
                          image[axis + 2].value()));
  }
  return rest;
}

Placed conv_transpose(NodeContext& node) {
  node.require_inputs(3, 3);
  const auto orders = node.orders({"NC+", "NC+"});
  const ValueId image = node.as_image(0, orders[0]);
  const ValueId weights = node.weights(1, orders[1], "CN+");
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  const Dims filter = *node.graph().type(weights).as_tensor().dims;
  if (filter.size() != dims.size())
    node.fail(fmt::format("the weights have rank {}, the input {}", filter.size(), dims.size()));
  const Window window = read_window(node, dims.size() - 2);
  op::ConvTranspose op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.group = node.find_int("number_groups").value_or(1);
  const auto size = wanted_size(node, orders[0]);
  if (window.same) {
    op.auto_pad = op::AutoPad::same_upper;
    if (size) op.output_shape = *size;
  } else {
    op.pad = window.padding;
    op.pad.insert(op.pad.end(), window.padding.begin(), window.padding.end());
    for (std::size_t axis = 0; size && axis < size->size(); ++axis)
      op.output_padding.push_back(rest(node, op, dims, filter, axis, (*size)[axis]));
  }
  return node.image(node.add(std::move(op), {image, weights}), orders[0]);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_conv_transpose(uff::Registry& registry) {
  registry.add("ConvTranspose", uff::conv_transpose);
}

}  // namespace tenon
