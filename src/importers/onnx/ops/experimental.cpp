// Operators of the first opset that were experimental and left the standard; models of that time have them.
#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/shape.hpp"
#include "ops/slice.hpp"
#include "ops/unary.hpp"

#include <algorithm>

namespace tenon::onnx {
namespace {

ValueId apply(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b) {
  return node.add(op::binary(fn), {a, b});
}

ValueId number(NodeContext& node, float value) {
  return add_scalar(node, node.dtype(0), static_cast<double>(value));
}

// alpha · x + beta
Values affine(NodeContext& node) {
  node.require_inputs(1, 1);
  const ValueId scaled =
      apply(node, PointwiseFn::mul, node.input(0), number(node, node.attr_float("alpha", 1)));
  return one(apply(node, PointwiseFn::add, scaled, number(node, node.attr_float("beta", 0))));
}

// scale · x
Values scale(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(apply(node, PointwiseFn::mul, node.input(0), number(node, node.attr_float("scale", 1))));
}

// scale · x + bias[channel], of images [N, C, H, W].
Values image_scaler(NodeContext& node) {
  node.require_inputs(1, 1);
  const std::vector<float> bias = node.find_floats("bias").value_or(std::vector<float>());
  const auto channels = static_cast<std::int64_t>(bias.size());
  const Tensor values = Tensor::of<float>({channels, 1, 1}, std::span<const float>(bias));
  const ValueId scaled =
      apply(node, PointwiseFn::mul, node.input(0), number(node, node.attr_float("scale", 1)));
  const ValueId offsets = cast(node, node.graph().add_constant(values), node.dtype(0));
  return one(bias.empty() ? scaled : apply(node, PointwiseFn::add, scaled, offsets));
}

// alpha · tanh(beta · x)
Values scaled_tanh(NodeContext& node) {
  node.require_inputs(1, 1);
  const ValueId inner =
      apply(node, PointwiseFn::mul, node.input(0), number(node, node.attr_float("beta", 1)));
  const ValueId tanh = node.add(op::unary(PointwiseFn::tanh), {inner});
  return one(apply(node, PointwiseFn::mul, tanh, number(node, node.attr_float("alpha", 1))));
}

// alpha · log(1 + exp(beta · x))
Values parametric_softplus(NodeContext& node) {
  node.require_inputs(1, 1);
  const ValueId inner =
      apply(node, PointwiseFn::mul, node.input(0), number(node, node.attr_float("beta", 1)));
  const ValueId softplus = node.add(op::unary(PointwiseFn::softplus), {inner});
  return one(apply(node, PointwiseFn::mul, softplus, number(node, node.attr_float("alpha", 1))));
}

// Without border = (left, top, right, bottom) of an image, or the part of size `scale` = (height, width) from
// left top on.
Values crop(NodeContext& node) {
  node.require_inputs(1, 1);
  const Ints border = node.attr_ints("border");
  const Ints size = node.attr_ints("scale");
  const auto sane = [](std::int64_t value) { return value >= 0 && value < (std::int64_t{1} << 31); };
  if (border.size() != 4 || !std::all_of(border.begin(), border.end(), sane))
    node.fail("attribute 'border' must be (left, top, right, bottom)");
  if (!size.empty() && (size.size() != 2 || !std::all_of(size.begin(), size.end(), sane)))
    node.fail("attribute 'scale' must be (height, width)");
  constexpr std::int64_t kEnd = std::int64_t{1} << 62;
  op::Slice op;
  op.axes = Ints{2, 3};
  op.starts = Ints{border[1], border[0]};
  if (!size.empty()) {
    op.ends = Ints{border[1] + size[0], border[0] + size[1]};
  } else {
    op.ends = Ints{border[3] > 0 ? -border[3] : kEnd, border[2] > 0 ? -border[2] : kEnd};
  }
  return one(node.add(std::move(op), {node.input(0)}));
}

// Of the shape `shape`, or of the shape that the input has or (input_as_shape) holds.
Values constant_fill(NodeContext& node) {
  node.require_inputs(0, 1);
  const DataType dtype = node.find_dtype("dtype").value_or(DataType::f32);
  const float value = node.attr_float("value", 0);
  const bool as_shape = node.attr_bool("input_as_shape", false);
  const Ints extra = node.attr_ints("extra_shape");
  if (!extra.empty()) node.fail("attribute 'extra_shape' is not supported");
  const Ints shape = node.attr_ints("shape");
  ValueId dims;
  if (!node.has(0)) {
    dims = node.ints(shape);
  } else if (as_shape) {
    dims = cast(node, node.input(0), DataType::i64);
  } else {
    dims = node.add(op::ShapeOf{}, {node.input(0)});
  }
  return one(node.add(op::ConstantOfShape{scalar_tensor(dtype, static_cast<double>(value))}, {dims}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_experimental(onnx::Registry& registry) {
  registry.add("Affine", onnx::affine, {1, 9});
  registry.add("ConstantFill", onnx::constant_fill, {1, 9});
  registry.add("Crop", onnx::crop, {1, 9});
  registry.add("ImageScaler", onnx::image_scaler, {1, 9});
  registry.add("ParametricSoftplus", onnx::parametric_softplus, {1, 9});
  registry.add("Scale", onnx::scale, {1, 9});
  registry.add("ScaledTanh", onnx::scaled_tanh, {1, 9});
}

}  // namespace tenon
