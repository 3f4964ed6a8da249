// Shapes: asking for them, changing them, and making tensors of them.
#include "ops/reshape.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/expand.hpp"
#include "ops/range.hpp"
#include "ops/size.hpp"
#include "ops/tile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

Values reshape_node(NodeContext& node) {
  node.require_inputs(2);
  const IntsArgument shape = ints_operand(node, 1);
  op::Reshape op;
  if (shape.known) {
    const auto has = [&](std::int64_t value) {
      return std::find(shape.known->begin(), shape.known->end(), value) != shape.known->end();
    };
    op.allow_zero = has(0) && !has(-1);
  }
  return one(node.add(op, {node.input(0), as_operand(node, shape)}));
}

Values shape(NodeContext& node) {
  node.require_inputs(1);
  return one(cast(node, shape_of(node, node.input(0)), node.attr_dtype("out_type", DataType::i32)));
}

Values shapes(NodeContext& node) {
  const DataType dtype = node.attr_dtype("out_type", DataType::i32);
  Values all;
  for (const ValueId input : node.inputs()) all.push_back(cast(node, shape_of(node, input), dtype));
  return all;
}

Values rank(NodeContext& node) {
  node.require_inputs(1);
  return one(scalar(node, DataType::i32, static_cast<double>(node.rank(0))));
}

Values size(NodeContext& node) {
  node.require_inputs(1);
  const DataType dtype = node.attr_dtype("out_type", DataType::i32);
  return one(cast(node, node.add(op::SizeOf{}, {node.input(0)}), dtype));
}

Values expand_dims(NodeContext& node) {
  node.require_inputs(2);
  return one(unsqueeze(node, node.input(0), {node.require_int(1, "the axis")}));
}

Values squeeze_node(NodeContext& node) {
  node.require_inputs(1);
  Ints axes = node.attr_ints("squeeze_dims");
  if (axes.empty()) axes = node.attr_ints("axis");
  if (!axes.empty()) return one(squeeze(node, node.input(0), axes));
  node.rank(0);
  for (std::size_t i = 0; i < node.dims(0)->size(); ++i) {
    if ((*node.dims(0))[i].is_const(1)) axes.push_back(static_cast<std::int64_t>(i));
  }
  return one(squeeze(node, node.input(0), axes));
}

Values transpose_node(NodeContext& node) {
  node.require_inputs(2);
  Ints perm = node.require_ints(1, "the permutation");
  const std::int64_t rank = node.rank(0);
  for (std::int64_t& axis : perm) axis = normalize_axis(node, axis, rank);
  const bool kept = std::is_sorted(perm.begin(), perm.end());
  return one(kept && !perm.empty() ? node.input(0) : transpose(node, node.input(0), perm));
}

Values fill_node(NodeContext& node) {
  node.require_inputs(2);
  const ValueId shape = as_operand(node, ints_operand(node, 0));
  if (const Tensor* value = node.constant(1); value != nullptr && value->elements() == 1)
    return one(node.add(op::ConstantOfShape{.value = value->reshaped({1})}, {shape}));
  return one(node.add(op::Expand{}, {node.input(1), shape}));
}

template <int kValue>
Values constant_like(NodeContext& node) {
  node.require_inputs(1);
  return one(fill(node, shape_of(node, node.input(0)), node.dtype(0), kValue));
}

Values broadcast_to(NodeContext& node) {
  node.require_inputs(2);
  return one(node.add(op::Expand{}, {node.input(0), as_operand(node, ints_operand(node, 1))}));
}

// The shape that two shapes broadcast to: each is padded with ones in front, and 1 yields to the other.
Values broadcast_args(NodeContext& node) {
  node.require_inputs(2);
  const Dims* a = node.dims(0);
  const Dims* b = node.dims(1);
  if (a == nullptr || b == nullptr || a->size() != 1 || b->size() != 1 || !a->front().is_const() ||
      !b->front().is_const())
    node.fail("the ranks must be known");
  constexpr std::int64_t kLongestShape = 64;
  if (a->front().value() > kLongestShape || b->front().value() > kLongestShape)
    node.fail("a shape is too long");
  const std::int64_t longest = std::max(a->front().value(), b->front().value());
  const auto padded = [&](std::size_t i, std::int64_t length) {
    const ValueId ones = node.ints(Ints(as_index(longest - length), 1));
    return concat(node, {ones, cast(node, node.input(i), DataType::i64)}, 0);
  };
  const DataType dtype = node.dtype(0);
  const std::int64_t lengths[] = {a->front().value(), b->front().value()};
  const ValueId left = padded(0, lengths[0]);
  const ValueId right = padded(1, lengths[1]);
  return one(cast(node, binary(node, PointwiseFn::max, left, right), dtype));
}

Values range(NodeContext& node) {
  node.require_inputs(3);
  return one(node.add(op::Range{}, node.inputs()));
}

// start + i · (stop - start) / (num - 1).
Values lin_space(NodeContext& node) {
  node.require_inputs(3);
  const std::int64_t count = node.require_int(2, "the number of elements");
  constexpr std::int64_t kMax = 1 << 24;
  if (count < 1 || count > kMax) node.fail(fmt::format("the number of elements is {}", count));
  const DataType dtype = node.dtype(0);
  Tensor steps(DataType::f32, {count});
  for (std::int64_t i = 0; i < count; ++i)
    steps.mutable_values<float>()[as_index(i)] = static_cast<float>(
        static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(count - 1, 1)));
  const ValueId positions = cast(node, node.graph().add_constant(std::move(steps)), dtype);
  const ValueId span = binary(node, PointwiseFn::sub, node.input(1), node.input(0));
  return one(binary(node, PointwiseFn::add, node.input(0), binary(node, PointwiseFn::mul, positions, span)));
}

Values tile(NodeContext& node) {
  node.require_inputs(2);
  return one(node.add(op::Tile{}, {node.input(0), as_operand(node, ints_operand(node, 1))}));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_reshape(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("BroadcastArgs", broadcast_args);
  registry.add("BroadcastTo", broadcast_to);
  registry.add("ExpandDims", expand_dims);
  registry.add("Fill", fill_node);
  registry.add("LinSpace", lin_space);
  registry.add("OnesLike", constant_like<1>);
  registry.add("Range", range);
  registry.add("Rank", tensorflow::rank);
  registry.add("Reshape", reshape_node);
  registry.add("Shape", shape);
  registry.add("ShapeN", shapes);
  registry.add("Size", tensorflow::size);
  registry.add("Squeeze", squeeze_node);
  registry.add("Tile", tile);
  registry.add("Transpose", transpose_node);
  registry.add("ZerosLike", constant_like<0>);
}

}  // namespace tenon
