// Resampling of pictures.
#include "ops/resize.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/expand.hpp"
#include "ops/gather_nd.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;

// Data and result have their channels last; the new size is operand 1.
Values resized(NodeContext& node, op::Resize op, bool to_float) {
  node.require_inputs(2);
  if (node.rank(0) != 4) node.fail(fmt::format("the data has rank {}, expected 4", node.rank(0)));
  ValueId x = to_channels_first(node, node.input(0));
  const DataType dtype = node.dtype(0);
  const bool wide = dtype == DataType::f16 || dtype == DataType::bf16 || dtype == DataType::f64;
  if (to_float && (!is_floating_point(dtype) || wide)) x = cast(node, x, DataType::f32);
  op.axes = {2, 3};
  const IntsArgument sizes = ints_operand(node, 1);
  Values operands = {x};
  if (sizes.known) {
    op.sizes = *sizes.known;
  } else {
    operands = {x, {}, {}, as_operand(node, sizes)};
  }
  return one(to_channels_last(node, node.add(std::move(op), std::move(operands))));
}

struct Coordinates {
  bool align_corners;
  bool half_pixel;
};

Coordinates read_coordinates(NodeContext& node) {
  return {node.attr_bool("align_corners", false), node.attr_bool("half_pixel_centers", false)};
}

Values resize_nearest(NodeContext& node) {
  const Coordinates at = read_coordinates(node);
  op::Resize op;
  op.mode = op::ResizeMode::nearest;
  if (at.align_corners) {
    op.transform = op::CoordinateTransform::align_corners;
    op.nearest_mode = op::NearestMode::round_prefer_ceil;
  } else {
    op.transform =
        at.half_pixel ? op::CoordinateTransform::tf_half_pixel_for_nn : op::CoordinateTransform::asymmetric;
    op.nearest_mode = op::NearestMode::floor;
  }
  return resized(node, op, false);
}

op::CoordinateTransform transform(const Coordinates& at) {
  if (at.align_corners) return op::CoordinateTransform::align_corners;
  return at.half_pixel ? op::CoordinateTransform::half_pixel : op::CoordinateTransform::asymmetric;
}

Values resize_bilinear(NodeContext& node) {
  op::Resize op;
  op.mode = op::ResizeMode::linear;
  op.transform = transform(read_coordinates(node));
  return resized(node, op, true);
}

// With half pixel centers the kernel is another one, and what lies outside does not count.
Values resize_bicubic(NodeContext& node) {
  const Coordinates at = read_coordinates(node);
  op::Resize op;
  op.mode = op::ResizeMode::cubic;
  op.transform = transform(at);
  op.cubic_a = at.half_pixel ? -0.5F : -0.75F;
  op.exclude_outside = at.half_pixel;
  return resized(node, op, true);
}

// --- CropAndResize ---

// Where the rows (or columns) of each crop lie in the picture: [boxes, count], in pixels.
ValueId sample_positions(NodeContext& node, ValueId low, ValueId high, ValueId last, std::int64_t count) {
  const auto like = [&](double value) { return scalar(node, DataType::f32, value); };
  if (count == 1) {  // the middle of the box
    const ValueId sum = binary(node, Fn::add, low, high);
    return binary(node, Fn::mul, binary(node, Fn::mul, sum, like(0.5)), last);
  }
  Tensor steps(DataType::f32, {1, count});
  for (std::int64_t i = 0; i < count; ++i) steps.mutable_values<float>()[as_index(i)] = static_cast<float>(i);
  const ValueId scale = binary(node, Fn::div, binary(node, Fn::mul, binary(node, Fn::sub, high, low), last),
                               like(static_cast<double>(count - 1)));
  return binary(node, Fn::add, binary(node, Fn::mul, low, last),
                binary(node, Fn::mul, node.graph().add_constant(std::move(steps)), scale));
}

struct Samples {
  ValueId low, high;  // [boxes, count] i64: the pixels on both sides
  ValueId fraction;   // towards `high`
  ValueId inside;     // bool
};

Samples neighbours(NodeContext& node, ValueId position, ValueId last, bool nearest) {
  const auto like = [&](double value) { return scalar(node, DataType::f32, value); };
  Samples samples;
  samples.inside = binary(node, Fn::logical_and, binary(node, Fn::greater_equal, position, like(0)),
                          binary(node, Fn::less_equal, position, last));
  const ValueId kept = binary(node, Fn::min, binary(node, Fn::max, position, like(0)), last);
  // Nearest rounds halves away from zero.
  const ValueId low =
      nearest ? unary(node, Fn::floor, binary(node, Fn::add, kept, like(0.5))) : unary(node, Fn::floor, kept);
  samples.low = cast(node, binary(node, Fn::min, low, last), DataType::i64);
  samples.high = cast(node, unary(node, Fn::ceil, kept), DataType::i64);
  samples.fraction = binary(node, Fn::sub, kept, low);
  return samples;
}

Values crop_and_resize(NodeContext& node) {
  node.require_inputs(4);
  const bool nearest = node.attr_choice("method", {"bilinear", "nearest"}, 0) == 1;
  const float outside = node.attr_float("extrapolation_value", 0);
  const Ints size = node.require_ints(3, "the size of the crops");
  if (size.size() != 2 || size[0] < 1 || size[1] < 1 || size[0] > (1 << 20) || size[1] > (1 << 20))
    node.fail("the size of the crops is not two positive numbers");
  const ValueId image = cast(node, node.input(0), DataType::f32);
  const ValueId boxes = cast(node, node.input(1), DataType::f32);
  const auto corner = [&](std::int64_t i) { return slice(node, boxes, {1}, {i}, {i + 1}); };  // [boxes, 1]
  const auto last = [&](std::int64_t axis) {
    const ValueId dim = cast(node, dim_of(node, image, axis), DataType::f32);
    return binary(node, Fn::sub, dim, scalar(node, DataType::f32, 1));
  };
  const ValueId bottom = last(1);
  const ValueId right = last(2);
  const Samples rows =
      neighbours(node, sample_positions(node, corner(0), corner(2), bottom, size[0]), bottom, nearest);
  const Samples columns =
      neighbours(node, sample_positions(node, corner(1), corner(3), right, size[1]), right, nearest);

  // Everything below has the shape [boxes, rows, columns, …].
  const ValueId count = dim_of(node, boxes, 0);
  const ValueId grid = concat(node, {count, node.ints(size)}, 0);
  const auto spread = [&](ValueId value, std::int64_t axis) {
    return node.add(op::Expand{}, {unsqueeze(node, value, {axis}), grid});
  };
  const ValueId batch =
      node.add(op::Expand{}, {reshape(node, cast(node, node.input(2), DataType::i64), {-1, 1, 1}), grid});
  const auto pixels = [&](ValueId row, ValueId column) {
    const ValueId indices = concat(node,
                                   {unsqueeze(node, batch, {3}), unsqueeze(node, spread(row, 2), {3}),
                                    unsqueeze(node, spread(column, 1), {3})},
                                   3);
    return node.add(op::GatherNd{}, {image, indices});
  };
  const auto mix = [&](ValueId a, ValueId b, ValueId fraction) {
    return binary(node, Fn::add, a, binary(node, Fn::mul, binary(node, Fn::sub, b, a), fraction));
  };
  ValueId y = pixels(rows.low, columns.low);
  if (!nearest) {
    const ValueId across = unsqueeze(node, columns.fraction, {1, 3});
    const ValueId top = mix(y, pixels(rows.low, columns.high), across);
    const ValueId low = mix(pixels(rows.high, columns.low), pixels(rows.high, columns.high), across);
    y = mix(top, low, unsqueeze(node, rows.fraction, {2, 3}));
  }
  const ValueId inside = binary(node, Fn::logical_and, unsqueeze(node, rows.inside, {2, 3}),
                                unsqueeze(node, columns.inside, {1, 3}));
  return one(node.add(op::Where{}, {inside, y, scalar(node, DataType::f32, outside)}));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_resize(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("CropAndResize", crop_and_resize);
  registry.add("ResizeBicubic", resize_bicubic);
  registry.add("ResizeBilinear", resize_bilinear);
  registry.add("ResizeNearestNeighbor", resize_nearest);
}

}  // namespace tenon
