// RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR, SPACE_TO_DEPTH, DEPTH_TO_SPACE.
#include "ops/resize.hpp"

#include "importers/tflite/node_context.hpp"
#include "ops/depth_to_space.hpp"
#include "ops/space_to_depth.hpp"

namespace tenon::tflite {
namespace {

std::vector<Placed> resized(NodeContext& node, op::ResizeMode mode, bool corners, bool half_pixel) {
  op::Resize op;
  op.mode = mode;
  op.axes = {2, 3};
  op.sizes = node.require_ints(1, "the size");
  if (op.sizes.size() != 2) node.fail("the size must be two numbers");
  op.transform = corners ? op::CoordinateTransform::align_corners : op::CoordinateTransform::asymmetric;
  op.nearest_mode = corners ? op::NearestMode::round_prefer_ceil : op::NearestMode::floor;
  if (half_pixel && !corners) {
    op.transform = mode == op::ResizeMode::nearest ? op::CoordinateTransform::tf_half_pixel_for_nn
                                                   : op::CoordinateTransform::half_pixel;
  }
  if (half_pixel && corners) node.fail("align_corners and half_pixel_centers exclude each other");
  return one(node.add(std::move(op), {node.image(0)}), true);
}

bool flag(NodeContext& node, std::size_t field) { return node.options().scalar<std::uint8_t>(field, 0) != 0; }

std::vector<Placed> resize_bilinear(NodeContext& node) {
  enum : std::size_t { new_height, new_width, align_corners, half_pixel_centers };
  return resized(node, op::ResizeMode::linear, flag(node, align_corners), flag(node, half_pixel_centers));
}

std::vector<Placed> resize_nearest(NodeContext& node) {
  enum : std::size_t { align_corners, half_pixel_centers };
  return resized(node, op::ResizeMode::nearest, flag(node, align_corners), flag(node, half_pixel_centers));
}

template <class Op>
std::vector<Placed> blocks(NodeContext& node) {
  Op op;
  op.blocksize = node.options().scalar<std::int32_t>(0, 0);
  return one(node.add(op, {node.image(0)}), true);
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_resize(tflite::Registry& registry) {
  using tflite::Handles;
  registry.add(5, "DEPTH_TO_SPACE", tflite::blocks<op::DepthToSpace>, Handles::elements);
  registry.add(23, "RESIZE_BILINEAR", tflite::resize_bilinear);
  registry.add(26, "SPACE_TO_DEPTH", tflite::blocks<op::SpaceToDepth>, Handles::elements);
  registry.add(97, "RESIZE_NEAREST_NEIGHBOR", tflite::resize_nearest);
}

}  // namespace tenon
