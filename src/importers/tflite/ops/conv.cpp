// CONV_2D with weights [O, H, W, I], DEPTHWISE_CONV_2D with weights [1, H, W, C·multiplier], TRANSPOSE_CONV.
#include "ops/conv.hpp"

#include "importers/tflite/node_context.hpp"
#include "ops/conv_transpose.hpp"

#include <fmt/format.h>

namespace tenon::tflite {
namespace {

// Weights of rank 4 with their axes in that order.
ValueId weights(NodeContext& node, std::size_t i, const Ints& order) {
  if (node.rank(i) != 4) node.fail(fmt::format("the weights have rank {}, expected 4", node.rank(i)));
  return transpose(node.graph(), node.in_file_order(i), order);
}

Ints kernel_size(const NodeContext& node, std::size_t i) {
  const Dims dims = node.dims(i);
  if (dims.size() != 4 || !dims[1].is_const() || !dims[2].is_const())
    node.fail("the weights' shape must be known and of rank 4");
  return {dims[1].value(), dims[2].value()};
}

std::int64_t known_channels(const NodeContext& node, const Dim& dim) {
  if (!dim.is_const()) node.fail("the number of channels must be known");
  return dim.value();
}

std::vector<ValueId> with_bias(NodeContext& node, ValueId image, ValueId weights) {
  std::vector<ValueId> operands = {image, weights};
  if (node.has(2)) operands.push_back(node.in_file_order(2));
  return operands;
}

std::vector<Placed> conv_2d(NodeContext& node) {
  enum : std::size_t { padding, stride_w, stride_h, activation, dilation_w, dilation_h };
  const ValueId image = node.image(0);
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  op::Conv op;
  op.stride = window_option(node, stride_h, stride_w, 0);
  op.dilation = window_option(node, dilation_h, dilation_w, 1);
  const Ints kernel = kernel_size(node, 1);
  const std::int64_t channels = known_channels(node, dims[1]);
  const std::int64_t inner = known_channels(node, node.dims(1).back());
  if (inner < 1 || channels % inner != 0)
    node.fail(fmt::format("{} channels meet weights for {}", channels, inner));
  op.group = channels / inner;
  set_padding(node, op, padding, dims, kernel);
  const ValueId y = node.add(std::move(op), with_bias(node, image, weights(node, 1, {0, 3, 1, 2})));
  return one(node.activate(y, activation), true);
}

std::vector<Placed> depthwise_conv_2d(NodeContext& node) {
  enum : std::size_t { padding, stride_w, stride_h, multiplier, activation, dilation_w, dilation_h };
  const ValueId image = node.image(0);
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  op::Conv op;
  op.stride = window_option(node, stride_h, stride_w, 0);
  op.dilation = window_option(node, dilation_h, dilation_w, 1);
  op.group = known_channels(node, dims[1]);
  set_padding(node, op, padding, dims, kernel_size(node, 1));
  const ValueId y = node.add(std::move(op), with_bias(node, image, weights(node, 1, {3, 0, 1, 2})));
  return one(node.activate(y, activation), true);
}

std::vector<Placed> transpose_conv(NodeContext& node) {
  enum : std::size_t { padding, stride_w, stride_h, activation };
  const Ints shape = node.require_ints(0, "the shape of the result");
  if (shape.size() != 4) node.fail(fmt::format("the result's shape has {} dims, expected 4", shape.size()));
  if (node.rank(2) != 4) node.fail(fmt::format("input 2 has rank {}, expected 4", node.rank(2)));
  const ValueId image = with_last_axis_second(node.graph(), node.placed(2));
  const Dims dims = *node.graph().type(image).as_tensor().dims;
  const Ints kernel = kernel_size(node, 1);
  op::ConvTranspose op;
  op.stride = window_option(node, stride_h, stride_w, 0);
  if (node.options().scalar<std::int8_t>(padding, 0) == 0) {
    op.auto_pad = op::AutoPad::same_upper;
    op.output_shape = {shape[1], shape[2]};
  } else {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      if (!dims[axis + 2].is_const()) continue;
      const Dim extent = (dims[axis + 2] - 1) * op.stride[axis] + kernel[axis];
      const std::int64_t rest = shape[axis + 1] - extent.value();
      if (rest < 0 || rest >= op.stride[axis])
        node.fail(fmt::format("a result of size {} does not fit", shape[axis + 1]));
      op.output_padding.push_back(rest);
    }
    if (op.output_padding.size() != 2) op.output_padding.clear();
  }
  std::vector<ValueId> operands = {image, weights(node, 1, {3, 0, 1, 2})};
  if (node.has(3)) operands.push_back(node.in_file_order(3));
  return one(node.activate(node.add(std::move(op), std::move(operands)), activation), true);
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_conv(tflite::Registry& registry) {
  registry.add(3, "CONV_2D", tflite::conv_2d);
  registry.add(4, "DEPTHWISE_CONV_2D", tflite::depthwise_conv_2d);
  registry.add(67, "TRANSPOSE_CONV", tflite::transpose_conv);
}

}  // namespace tenon
