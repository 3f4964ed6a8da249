// Resize and Upsample. Scales and sizes that are known become fields.
#include "ops/resize.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/gather.hpp"
#include "ops/range.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/size.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx {
namespace {

// Absent, or a tensor of no elements, which older exporters write for "not given".
bool is_empty(const NodeContext& node, std::size_t i) {
  if (!node.has(i)) return true;
  const Dims* dims = node.dims(i);
  return dims != nullptr && dims->size() == 1 && dims->front().is_const(0);
}

std::optional<std::vector<float>> known_floats(const NodeContext& node, std::size_t i) {
  const Tensor* tensor = node.constant(i);
  if (tensor == nullptr || tensor->dtype() != DataType::f32) return std::nullopt;
  const auto values = tensor->values<float>();
  return std::vector<float>(values.begin(), values.end());
}

void require_positive(const NodeContext& node, const std::vector<float>& scales) {
  for (const float scale : scales) {
    if (!(scale > 0)) node.fail(fmt::format("a scale is {}", scale));
  }
}

// Elements that are no numbers can be picked, not interpolated: their positions are resized in their place.
ValueId add_resize(NodeContext& node, op::Resize op, Values operands) {
  const DataType dtype = node.dtype(0);
  if (is_floating_point(dtype) || is_integer(dtype)) return node.add(std::move(op), std::move(operands));
  if (op.mode != op::ResizeMode::nearest || op.transform == op::CoordinateTransform::tf_crop_and_resize)
    node.fail(fmt::format("elements of {} cannot be interpolated", name(dtype)));
  const ValueId x = node.input(0);
  const auto integer = [&](double value) { return add_scalar(node, DataType::i64, value); };
  const ValueId count = node.add(op::SizeOf{}, {x});
  const ValueId positions = node.add(op::Range{}, {integer(0), count, integer(1)});
  operands[0] = node.add(op::Reshape{true}, {positions, node.add(op::ShapeOf{}, {x})});
  const ValueId picked = node.add(std::move(op), std::move(operands));
  return node.add(op::Gather{0}, {reshape(node, x, {-1}), picked});
}

// Scales come from operand `i`.
Values resize_by_scales(NodeContext& node, op::Resize op, std::size_t i) {
  if (auto scales = known_floats(node, i)) {
    require_positive(node, *scales);
    op.scales = std::move(*scales);
    return one(add_resize(node, std::move(op), {node.input(0)}));
  }
  return one(add_resize(node, std::move(op), {node.input(0), {}, node.input(i)}));
}

op::Resize upsample_fields(NodeContext& node, std::string_view linear = "linear") {
  op::Resize op;
  op.mode = static_cast<op::ResizeMode>(node.attr_choice("mode", {"nearest", linear}, 0));
  op.transform = op::CoordinateTransform::asymmetric;
  op.nearest_mode = op::NearestMode::floor;
  return op;
}

Values upsample_1(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Resize op = upsample_fields(node, "bilinear");
  op.scales = {1, 1, node.attr_float("height_scale", 1), node.attr_float("width_scale", 1)};
  require_positive(node, op.scales);
  return one(add_resize(node, std::move(op), {node.input(0)}));
}

Values upsample_7(NodeContext& node) {
  node.require_inputs(1, 1);
  op::Resize op = upsample_fields(node);
  op.scales = node.find_floats("scales").value_or(std::vector<float>());
  if (op.scales.empty()) node.fail("attribute 'scales' is missing");
  require_positive(node, op.scales);
  return one(add_resize(node, std::move(op), {node.input(0)}));
}

Values upsample_9(NodeContext& node) {
  node.require_inputs(2, 2);
  return resize_by_scales(node, upsample_fields(node), 1);
}

// Nearest elements lie below where an axis grows, and above where it shrinks (its official test says so): two
// steps when there are axes of both kinds.
Values resize_10(NodeContext& node) {
  node.require_inputs(2, 2);
  op::Resize op = upsample_fields(node);
  const auto scales = known_floats(node, 1);
  const auto shrinks = [](float scale) { return scale < 1; };
  if (op.mode != op::ResizeMode::nearest || !scales ||
      std::none_of(scales->begin(), scales->end(), shrinks)) {
    return resize_by_scales(node, std::move(op), 1);
  }
  require_positive(node, *scales);
  op::Resize down = op, up = op;
  down.nearest_mode = op::NearestMode::ceil;
  for (const float scale : *scales) {
    down.scales.push_back(shrinks(scale) ? scale : 1);
    up.scales.push_back(shrinks(scale) ? 1 : scale);
  }
  const ValueId smaller = node.add(std::move(down), {node.input(0)});
  const bool only = std::all_of(up.scales.begin(), up.scales.end(), [](float scale) { return scale == 1; });
  return one(only ? smaller : node.add(std::move(up), {smaller}));
}

Values resize(NodeContext& node) {
  node.require_inputs(1, 4);
  op::Resize op;
  op.mode = static_cast<op::ResizeMode>(node.attr_choice("mode", {"nearest", "linear", "cubic"}, 0));
  op.transform = static_cast<op::CoordinateTransform>(
      node.attr_choice("coordinate_transformation_mode",
                       {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                        "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"},
                       0));
  op.nearest_mode = static_cast<op::NearestMode>(
      node.attr_choice("nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"}, 0));
  op.cubic_a = node.attr_float("cubic_coeff_a", op.cubic_a);
  op.exclude_outside = node.attr_bool("exclude_outside", false);
  op.antialias = node.attr_bool("antialias", false);
  op.extrapolation_value = node.attr_float("extrapolation_value", 0);
  op.keep_aspect = static_cast<op::KeepAspect>(
      node.attr_choice("keep_aspect_ratio_policy", {"stretch", "not_larger", "not_smaller"}, 0));
  op.axes = node.attr_ints("axes");

  ValueId roi;
  if (op.transform == op::CoordinateTransform::tf_crop_and_resize) {
    if (is_empty(node, 1)) node.fail("tf_crop_and_resize needs a region of interest");
    roi = node.input(1);
  }
  const bool has_scales = !is_empty(node, 2);
  const bool has_sizes = !is_empty(node, 3);
  if (has_scales == has_sizes) node.fail("expected either scales or sizes");
  Values operands = {node.input(0), roi, {}, {}};
  if (has_scales) {
    if (auto scales = known_floats(node, 2)) {
      require_positive(node, *scales);
      op.scales = std::move(*scales);
    } else {
      operands[2] = node.input(2);
    }
  } else {
    IntsArgument sizes = ints_operand(node, 3);
    if (sizes.known) {
      op.sizes = std::move(*sizes.known);
    } else {
      operands[3] = sizes.operand;
    }
  }
  while (!operands.back().valid()) operands.pop_back();
  return one(add_resize(node, std::move(op), std::move(operands)));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_resize(onnx::Registry& registry) {
  registry.add("Resize", onnx::resize_10, {10, 10});
  registry.add("Resize", onnx::resize, {11});
  registry.add("Upsample", onnx::upsample_1, {1, 6});
  registry.add("Upsample", onnx::upsample_7, {7, 8});
  registry.add("Upsample", onnx::upsample_9, {9, 9});
}

}  // namespace tenon
