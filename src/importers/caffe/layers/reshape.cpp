// Reshape, Flatten, Permute, ShuffleChannel, Padding.
#include "ops/reshape.hpp"

#include "importers/caffe/layer_context.hpp"
#include "importers/caffe/window.hpp"
#include "ops/concat.hpp"
#include "ops/flatten.hpp"
#include "ops/pad.hpp"
#include "ops/transpose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon::caffe {
namespace {

// Axes [begin, end) of x replaced by those in `middle`, an i64 constant's values.
ValueId replace_axes(LayerContext& layer, ValueId x, std::int64_t begin, std::int64_t end,
                     const Ints& middle) {
  Values parts;
  if (begin > 0) parts.push_back(layer.shape_of(x, 0, begin));
  if (!middle.empty()) parts.push_back(layer.integers(middle));
  if (end < layer.rank(x)) parts.push_back(layer.shape_of(x, end, layer.rank(x)));
  if (parts.empty()) parts.push_back(layer.integers({}));
  const ValueId shape = parts.size() == 1 ? parts[0] : layer.add(op::Concat{0}, parts);
  return layer.add(op::Reshape{}, {x, shape});
}

Values reshape(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("reshape_param");
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  const std::int64_t first = fields.integer("axis", 0);
  const std::int64_t begin = first == rank        ? rank
                             : first == -rank - 1 ? 0
                             : first < 0          ? first + rank + 1
                                                  : first;
  const std::int64_t count = fields.integer("num_axes", -1);
  const std::int64_t end = count == -1 ? rank : begin + count;
  if (begin < 0 || begin > rank || count < -1 || count > rank - begin)
    layer.fail(fmt::format("{} axes from {} on are not among {}", count, first, rank));
  Ints shape = fields.message("shape").integers("dim");
  if (shape.size() > 32) layer.fail(fmt::format("the shape has {} axes", shape.size()));
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::int64_t source = begin + static_cast<std::int64_t>(i);
    if (shape[i] < -1) layer.fail(fmt::format("the shape has the dim {}", shape[i]));
    if (shape[i] == 0 && source >= end)
      layer.fail(fmt::format("the shape copies axis {}, which is not there", source));
  }
  if (std::count(shape.begin(), shape.end(), -1) > 1) layer.fail("the shape leaves two dims open");
  // A 0 copies the dim at the same position, which is what it means in the operator, too.
  return {replace_axes(layer, x, begin, end, shape)};
}

Values flatten(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("flatten_param");
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  const std::int64_t begin = layer.axis(fields.integer("axis", 1), rank);
  const std::int64_t end = layer.axis(fields.integer("end_axis", -1), rank) + 1;
  if (end <= begin) layer.fail(fmt::format("ends at axis {} before it begins at {}", end - 1, begin));
  if (begin == 1 && end == rank) return {layer.add(op::Flatten{1}, {x})};
  return {replace_axes(layer, x, begin, end, {-1})};
}

Values permute(LayerContext& layer) {
  layer.require(1, 1);
  const std::int64_t rank = layer.rank(layer.bottom());
  op::Transpose transpose;
  for (const std::int64_t axis : layer.parameters("permute_param").integers("order")) {
    const auto& perm = transpose.perm;
    if (axis < 0 || axis >= rank || std::find(perm.begin(), perm.end(), axis) != perm.end())
      layer.fail(fmt::format("field 'order' names the axis {}", axis));
    transpose.perm.push_back(axis);
  }
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const auto& perm = transpose.perm;
    if (std::find(perm.begin(), perm.end(), axis) == perm.end()) transpose.perm.push_back(axis);
  }
  return {layer.add(std::move(transpose), {layer.bottom()})};
}

// Channels as a matrix [group, channels / group], transposed.
Values shuffle_channel(LayerContext& layer) {
  layer.require(1, 1);
  const std::int64_t group = layer.parameters("shuffle_channel_param").integer("group", 1);
  const ValueId x = layer.bottom();
  const std::int64_t rank = layer.rank(x);
  if (rank < 2) layer.fail("needs a channel axis");
  const std::int64_t channels = layer.fixed(x, 1);
  if (group < 1 || channels % group != 0)
    layer.fail(fmt::format("{} channels do not fall into {} groups", channels, group));
  op::Transpose transpose;
  transpose.perm.resize(static_cast<std::size_t>(rank + 1));
  std::iota(transpose.perm.begin(), transpose.perm.end(), 0);
  std::swap(transpose.perm[1], transpose.perm[2]);
  const ValueId matrix = replace_axes(layer, x, 1, 2, {group, channels / group});
  const ValueId shuffled = layer.add(std::move(transpose), {matrix});
  return {replace_axes(layer, shuffled, 1, 3, {channels})};
}

// A layer of the oldest networks: zeros around the picture.
Values padding(LayerContext& layer) {
  layer.require(1, 1);
  if (layer.rank(layer.bottom()) != 4) layer.fail("needs four axes");
  const Ints pad = read_extents(layer, layer.parameters("padding_param"), "pad", "pad", 2, 0, 0);
  op::Pad op;
  op.axes = Ints{2, 3};
  op.pads = both_ends(pad);
  return {layer.add(std::move(op), {layer.bottom()})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_reshape(caffe::Registry& registry) {
  registry.add("Flatten", caffe::flatten);
  registry.add("Padding", caffe::padding);
  registry.add("Permute", caffe::permute);
  registry.add("Reshape", caffe::reshape);
  registry.add("ShuffleChannel", caffe::shuffle_channel);
}

}  // namespace tenon
