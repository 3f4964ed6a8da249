// Rearrangements of images: DepthToSpace, SpaceToDepth, Col2Im, CenterCropPad, GridSample, RoiAlign.
#include "importers/onnx/converters.hpp"
#include "ops/center_crop_pad.hpp"
#include "ops/col2im.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/grid_sample.hpp"
#include "ops/roi_align.hpp"
#include "ops/space_to_depth.hpp"

namespace tenon::onnx {
namespace {

Values depth_to_space(NodeContext& node) {
  node.require_inputs(1, 1);
  op::DepthToSpace op;
  op.blocksize = node.attr_int("blocksize");
  op.mode = static_cast<op::DepthToSpaceMode>(node.attr_choice("mode", {"DCR", "CRD"}, 0));
  return one(node.add(op, {node.input(0)}));
}

Values space_to_depth(NodeContext& node) {
  node.require_inputs(1, 1);
  op::SpaceToDepth op;
  op.blocksize = node.attr_int("blocksize");
  op.mode = static_cast<op::DepthToSpaceMode>(node.attr_choice("mode", {"DCR", "CRD"}, 0));
  return one(node.add(op, {node.input(0)}));
}

Values col2im(NodeContext& node) {
  node.require_inputs(3, 3);
  op::Col2Im op;
  op.dilations = node.attr_ints("dilations");
  op.pads = node.attr_ints("pads");
  op.strides = node.attr_ints("strides");
  return one(node.add(op, {node.input(0), node.input(1), node.input(2)}));
}

Values center_crop_pad(NodeContext& node) {
  node.require_inputs(2, 2);
  return one(node.add(op::CenterCropPad{node.find_ints("axes")},
                      {node.input(0), cast(node, node.input(1), DataType::i64)}));
}

Values grid_sample(NodeContext& node) {
  node.require_inputs(2, 2);
  op::GridSample op;
  op.mode = static_cast<op::GridMode>(node.opset() < 20
                                          ? node.attr_choice("mode", {"bilinear", "nearest", "bicubic"}, 0)
                                          : node.attr_choice("mode", {"linear", "nearest", "cubic"}, 0));
  op.padding =
      static_cast<op::GridPadding>(node.attr_choice("padding_mode", {"zeros", "border", "reflection"}, 0));
  op.align_corners = node.attr_bool("align_corners", false);
  return one(node.add(op, {node.input(0), node.input(1)}));
}

Values roi_align(NodeContext& node) {
  node.require_inputs(3, 3);
  op::RoiAlign op;
  op.mode = static_cast<op::RoiMode>(node.attr_choice("mode", {"avg", "max"}, 0));
  op.output_height = node.attr_int("output_height", 1);
  op.output_width = node.attr_int("output_width", 1);
  op.sampling_ratio = node.attr_int("sampling_ratio", 0);
  op.spatial_scale = node.attr_float("spatial_scale", 1);
  const std::size_t otherwise = node.opset() < 16 ? 1 : 0;
  op.half_pixel =
      node.attr_choice("coordinate_transformation_mode", {"half_pixel", "output_half_pixel"}, otherwise) == 0;
  return one(node.add(op, {node.input(0), node.input(1), node.input(2)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_spatial(onnx::Registry& registry) {
  registry.add("CenterCropPad", onnx::center_crop_pad, {18});
  registry.add("Col2Im", onnx::col2im, {18});
  registry.add("DepthToSpace", onnx::depth_to_space);
  registry.add("GridSample", onnx::grid_sample, {16});
  registry.add("RoiAlign", onnx::roi_align, {10});
  registry.add("SpaceToDepth", onnx::space_to_depth);
}

}  // namespace tenon
