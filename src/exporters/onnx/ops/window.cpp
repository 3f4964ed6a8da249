// Convolutions, pools and regions of interest.
#include "ops/window.hpp"

#include "exporters/onnx/node_writer.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/max_pool.hpp"
#include "ops/roi_align.hpp"
#include "ops/roi_pool.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tenon::onnx_export {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kAttributeNames = {{
    {"kernel", "kernel_shape"},
    {"stride", "strides"},
    {"pad", "pads"},
    {"dilation", "dilations"},
    {"column_major", "storage_order"},
}};

std::string auto_pad_name(const std::string& text) {
  if (text == "same_upper") return "SAME_UPPER";
  if (text == "same_lower") return "SAME_LOWER";
  return text == "valid" ? "VALID" : "NOTSET";
}

// The fields under ONNX's names; what is empty, and paddings that count for nothing, left out.
AttributeList window_attributes(const Op& op) {
  AttributeList attributes;
  std::string auto_pad = "NOTSET";
  for (Attribute& attribute : op.attributes()) {
    if (const auto* list = std::get_if<Ints>(&attribute.value); list != nullptr && list->empty()) continue;
    if (std::holds_alternative<PointwiseProgram>(attribute.value)) continue;  // empty after lowering
    if (attribute.name == "auto_pad") {
      auto_pad = auto_pad_name(std::get<std::string>(attribute.value));
      continue;
    }
    for (const auto& [field, name] : kAttributeNames) {
      if (attribute.name == field) attribute.name = name;
    }
    attributes.push_back(std::move(attribute));
  }
  if (auto_pad != "NOTSET") {
    std::erase_if(attributes, [](const Attribute& attribute) { return attribute.name == "pads"; });
    attributes.push_back({"auto_pad", auto_pad});
  }
  return attributes;
}

// What same_* padding of a transposed convolution comes to: the padding on both sides together does not
// depend on the input's size; a negative one is padding of the output. Runtimes disagree on the latter, so it
// is said. Nothing where the kernel is not known.
std::optional<op::ConvTranspose> with_explicit_pads(const NodeWriter& node, op::ConvTranspose op) {
  const bool upper = op.auto_pad == op::AutoPad::same_upper;
  const Dims* w = node.dims(1);
  if ((!upper && op.auto_pad != op::AutoPad::same_lower) || w == nullptr || !op.output_shape.empty())
    return {};
  const std::size_t spatial = w->size() - 2;
  op.stride.resize(spatial, 1);
  op.dilation.resize(spatial, 1);
  op.output_padding.resize(spatial, 0);
  op.pad.assign(2 * spatial, 0);
  for (std::size_t i = 0; i < spatial; ++i) {
    const Dim& kernel = (*w)[i + 2];
    if (!kernel.is_const()) return {};
    const std::int64_t extent = (kernel.value() - 1) * op.dilation[i] + 1;
    const std::int64_t total = extent - op.stride[i] + op.output_padding[i];
    if (total < 0) op.output_padding[i] -= total;
    const std::int64_t padding = std::max<std::int64_t>(total, 0);
    op.pad[i] = upper ? padding / 2 : padding - padding / 2;
    op.pad[spatial + i] = padding - op.pad[i];
  }
  op.auto_pad = op::AutoPad::explicit_pads;
  return op;
}

void conv_transpose(NodeWriter& node) {
  const auto& op = node.op<op::ConvTranspose>();
  const auto explicit_op = with_explicit_pads(node, op);
  node.finish("ConvTranspose", node.inputs(), window_attributes(explicit_op ? Op(*explicit_op) : Op(op)));
}

void window(NodeWriter& node) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kWindowOpTypes = {{
      {"average_pool", "AveragePool"},
      {"conv", "Conv"},
      {"conv_integer", "ConvInteger"},
      {"deform_conv", "DeformConv"},
      {"lp_pool", "LpPool"},
      {"qlinear_conv", "QLinearConv"},
  }};
  for (const auto& [op, op_type] : kWindowOpTypes) {
    if (op == node.node().op.name())
      return node.finish(op_type, node.inputs(), window_attributes(node.node().op));
  }
}

// ONNX pools floats and 8-bit integers; f64 holds the others but 64-bit ones.
void max_pool(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  AttributeList attributes = window_attributes(node.node().op);
  if (is_floating_point(dtype) || bit_width(dtype) == 8)
    return node.finish("MaxPool", node.inputs(), attributes);
  if (bit_width(dtype) == 64) node.fail("ONNX pools no 64-bit integers");
  const Name x = node.cast(node.input(0), dtype, DataType::f64);
  const NameList results = node.add_node("MaxPool", {x}, node.output_count(), attributes);
  node.finish("Cast", {results[0]}, {node.output(0)}, {{"to", dtype}});
  if (results.size() > 1) node.finish("Identity", {results[1]}, {node.output(1)}, {});
}

void roi_align(NodeWriter& node) {
  const auto& op = node.op<op::RoiAlign>();
  node.finish(
      "RoiAlign", node.inputs(),
      {{"mode", std::string(op.mode == op::RoiMode::max ? "max" : "avg")},
       {"output_height", op.output_height},
       {"output_width", op.output_width},
       {"sampling_ratio", op.sampling_ratio},
       {"spatial_scale", op.spatial_scale},
       {"coordinate_transformation_mode", std::string(op.half_pixel ? "half_pixel" : "output_half_pixel")}});
}

void roi_pool(NodeWriter& node) {
  const auto& op = node.op<op::RoiPool>();
  node.finish(
      "MaxRoiPool", node.inputs(),
      {{"pooled_shape", Ints{op.output_height, op.output_width}}, {"spatial_scale", op.spatial_scale}});
}

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_window(onnx_export::Registry& registry) {
  for (const std::string_view op :
       {"average_pool", "conv", "conv_integer", "deform_conv", "lp_pool", "qlinear_conv"})
    registry.add(op, onnx_export::window);
  registry.add("conv_transpose", onnx_export::conv_transpose);
  registry.add("max_pool", onnx_export::max_pool);
  registry.add("roi_align", onnx_export::roi_align);
  registry.add("roi_pool", onnx_export::roi_pool);
}

}  // namespace tenon
