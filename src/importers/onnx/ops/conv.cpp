// Convolutions: Conv, ConvTranspose, ConvInteger, QLinearConv, DeformConv.
#include "ops/conv.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/conv_integer.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/deform_conv.hpp"
#include "ops/qlinear_conv.hpp"

namespace tenon::onnx {
namespace {

// The optional attribute kernel_shape only repeats the shape of the weights.
void check_kernel_shape(NodeContext& node, const Dims& kernel) {
  const auto declared = node.find_ints("kernel_shape");
  if (!declared || kernel.empty()) return;
  bool fits = declared->size() == kernel.size();
  for (std::size_t i = 0; fits && i < kernel.size(); ++i)
    fits = !kernel[i].is_const() || kernel[i].value() == (*declared)[i];
  if (!fits) node.fail("attribute 'kernel_shape' does not fit the weights");
}

// Fields that all convolutions of x (operand 0) with weights (operand `w`) have.
template <class Op>
Op windowed(NodeContext& node, std::size_t w) {
  Op op;
  const Dims kernel = spatial_dims(node, w);
  check_kernel_shape(node, kernel);
  Window window = read_window(node);
  resolve_padding(window, spatial_dims(node, 0), kernel, false);
  op.stride = std::move(window.stride);
  op.dilation = std::move(window.dilation);
  op.pad = std::move(window.pad);
  op.auto_pad = window.auto_pad;
  op.group = node.attr_int("group", 1);
  return op;
}

Values conv(NodeContext& node) {
  node.require_inputs(2, 3);
  return one(node.add(windowed<op::Conv>(node, 1), node.inputs()));
}

Values conv_integer(NodeContext& node) {
  node.require_inputs(2, 4);
  return one(node.add(windowed<op::ConvInteger>(node, 1), node.inputs()));
}

Values qlinear_conv(NodeContext& node) {
  node.require_inputs(8, 9);
  return one(node.add(windowed<op::QLinearConv>(node, 3), node.inputs()));
}

Values deform_conv(NodeContext& node) {
  node.require_inputs(3, 5);
  check_kernel_shape(node, spatial_dims(node, 1));
  Window window = read_window(node);
  op::DeformConv op;
  op.stride = std::move(window.stride);
  op.dilation = std::move(window.dilation);
  op.pad = std::move(window.pad);
  op.group = node.attr_int("group", 1);
  op.offset_group = node.attr_int("offset_group", 1);
  return one(node.add(std::move(op), node.inputs()));
}

// Here the operator itself resolves auto_pad: the padding follows from the output's size.
Values conv_transpose(NodeContext& node) {
  node.require_inputs(2, 3);
  const Dims kernel = spatial_dims(node, 1);
  check_kernel_shape(node, kernel);
  Window window = read_window(node);
  op::ConvTranspose op;
  op.stride = std::move(window.stride);
  op.dilation = std::move(window.dilation);
  op.pad = std::move(window.pad);
  op.auto_pad = window.auto_pad;
  if (op.auto_pad == op::AutoPad::valid) op.auto_pad = op::AutoPad::explicit_pads;
  op.group = node.attr_int("group", 1);
  op.output_padding = node.attr_ints("output_padding");
  op.output_shape = node.attr_ints("output_shape");
  // Some exporters list batch and channels too.
  if (!kernel.empty() && op.output_shape.size() == kernel.size() + 2) {
    op.output_shape.erase(op.output_shape.begin(), op.output_shape.begin() + 2);
  }
  return one(node.add(std::move(op), node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_conv(onnx::Registry& registry) {
  registry.add("Conv", onnx::conv);
  registry.add("ConvInteger", onnx::conv_integer, {10});
  registry.add("ConvTranspose", onnx::conv_transpose);
  registry.add("DeformConv", onnx::deform_conv, {19});
  registry.add("QLinearConv", onnx::qlinear_conv, {10});
}

}  // namespace tenon
