// Operations that the converter passes on as they are in TensorFlow, with an underscore in front, because it
// has no word for them: those that TensorRT's parser or its plugins know, and newer names of known ones.
// Their fields are TensorFlow's attributes.
#include "importers/uff/elementwise.hpp"
#include "importers/uff/node_context.hpp"
#include "ops/batch_norm.hpp"
#include "ops/binary.hpp"
#include "ops/resize.hpp"
#include "ops/slice.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

namespace tenon::uff {
namespace {

template <PointwiseFn fn>
Placed tf_unary(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_all_fields();
  return add_unary(node, op::unary(fn));
}

template <PointwiseFn fn>
Placed tf_binary(NodeContext& node) {
  node.require_inputs(2, 2);
  node.ignore_all_fields();
  return add_binary(node, fn);
}

Placed tf_leaky_relu(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_all_fields();
  const double alpha = node.find_number("alpha").value_or(0.2);
  return add_unary(node, op::unary(PointwiseFn::leaky_relu, static_cast<float>(alpha), 0));
}

bool flag(NodeContext& node, std::string_view name) {
  const auto data = node.find_data(name);
  return data && data->kind == Data::Kind::boolean && data->number != 0;
}

Placed tf_batch_norm(NodeContext& node) {
  node.require_inputs(5, 5);
  node.ignore_all_fields();
  if (flag(node, "is_training")) node.fail("it was exported for training");
  // Python writes the bytes of the attribute as "b'NCHW'".
  const std::string format = node.find_string("data_format").value_or("NHWC");
  const AxisOrder order = format.find("NCHW") != std::string::npos ? "NC+" : "N+C";
  std::vector<ValueId> operands = {node.as_image(0, order)};
  for (std::size_t i = 1; i < 5; ++i) operands.push_back(node.in_file_order(i));
  const op::BatchNorm op{.epsilon = static_cast<float>(node.find_number("epsilon").value_or(1e-4))};
  return node.image(node.add(op, std::move(operands)), order);
}

template <op::ResizeMode mode>
Placed tf_resize(NodeContext& node) {
  node.require_inputs(2, 2);
  node.ignore_all_fields();
  const auto size = node.known_ints(1);
  if (!size || size->size() != 2) node.fail("the size must be two numbers that are known");
  const bool corners = flag(node, "align_corners");
  const bool half_pixel = flag(node, "half_pixel_centers");
  if (corners && half_pixel) node.fail("align_corners and half_pixel_centers exclude each other");
  op::Resize op;
  op.mode = mode;
  op.transform = corners ? op::CoordinateTransform::align_corners : op::CoordinateTransform::asymmetric;
  op.nearest_mode = corners ? op::NearestMode::round_prefer_ceil : op::NearestMode::floor;
  if (half_pixel) {
    op.transform = mode == op::ResizeMode::nearest ? op::CoordinateTransform::tf_half_pixel_for_nn
                                                   : op::CoordinateTransform::half_pixel;
  }
  op.axes = {2, 3};
  op.sizes = *size;
  return node.image(node.add(std::move(op), {node.as_image(0, "N+C")}), "N+C");
}

Placed tf_slice(NodeContext& node) {
  node.require_inputs(3, 3);
  node.ignore_all_fields();
  const auto begin = node.known_ints(1);
  const auto size = node.known_ints(2);
  const std::int64_t rank = node.rank(0);
  if (!begin || !size) node.fail("the bounds must be known, not computed");
  if (begin->size() != size->size() || begin->size() != static_cast<std::size_t>(rank))
    node.fail(fmt::format("{} beginnings and {} sizes for {} axes", begin->size(), size->size(), rank));
  Placed result = node.placed(0);
  Ints axes;
  Ints ends;
  for (std::size_t i = 0; i < begin->size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    axes.push_back(node.graph_axis(0, axis));
    if ((*begin)[i] < 0 || (*size)[i] < -1) node.fail("a bound is negative");
    const bool rest = (*size)[i] == -1 || (*begin)[i] > std::numeric_limits<std::int64_t>::max() - (*size)[i];
    ends.push_back(rest ? std::numeric_limits<std::int64_t>::max() : (*begin)[i] + (*size)[i]);
  }
  op::Slice op;
  op.starts = *begin;
  op.ends = std::move(ends);
  op.axes = std::move(axes);
  result.id = node.add(std::move(op), {result.id});
  return result;
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_tensorflow(uff::Registry& registry) {
  registry.add("_AddV2", uff::tf_binary<PointwiseFn::add>);
  registry.add("_FusedBatchNormV2", uff::tf_batch_norm);
  registry.add("_FusedBatchNormV3", uff::tf_batch_norm);
  registry.add("_LeakyRelu", uff::tf_leaky_relu);
  registry.add("_Reciprocal", uff::tf_unary<PointwiseFn::reciprocal>);
  registry.add("_ResizeBilinear", uff::tf_resize<op::ResizeMode::linear>);
  registry.add("_ResizeNearestNeighbor", uff::tf_resize<op::ResizeMode::nearest>);
  registry.add("_Round", uff::tf_unary<PointwiseFn::round>);
  registry.add("_Sign", uff::tf_unary<PointwiseFn::sign>);
  registry.add("_Slice", uff::tf_slice);
}

}  // namespace tenon
