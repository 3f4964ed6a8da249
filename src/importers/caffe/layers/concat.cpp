// Concat, Slice, Tile.
#include "ops/concat.hpp"

#include "importers/caffe/layer_context.hpp"
#include "ops/split.hpp"
#include "ops/tile.hpp"

#include <fmt/format.h>

#include <limits>

namespace tenon::caffe {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

// The axis under its present name or the one it had before.
std::int64_t read_axis(const LayerContext& layer, const Message& fields, std::string_view old_name) {
  const auto old = fields.find_integer(old_name);
  const auto axis = fields.find_integer("axis");
  if (old && axis) layer.fail(fmt::format("fields 'axis' and '{}' are both given", old_name));
  return layer.axis(axis.value_or(old.value_or(1)), layer.rank(layer.bottom()));
}

Values concat(LayerContext& layer) {
  layer.require(1, kAny, 1, 1);
  const std::int64_t axis = read_axis(layer, layer.parameters("concat_param"), "concat_dim");
  if (layer.bottom_count() == 1) return {layer.bottom()};
  return {layer.add(op::Concat{axis}, layer.bottoms())};
}

Values slice(LayerContext& layer) {
  layer.require(1, 1, 1, kAny);
  const Message& fields = layer.parameters("slice_param");
  const std::int64_t axis = read_axis(layer, fields, "slice_dim");
  const Ints points = fields.integers("slice_point");
  const std::size_t parts = layer.top_count();
  if (parts == 1) return {layer.bottom()};
  const std::int64_t size = layer.fixed(layer.bottom(), axis);
  Ints sizes;
  if (points.empty()) {
    const auto count = static_cast<std::int64_t>(parts);
    if (size % count != 0) layer.fail(fmt::format("{} does not fall into {} equal parts", size, parts));
    sizes.assign(parts, size / count);
  } else {
    if (points.size() + 1 != parts)
      layer.fail(fmt::format("{} points 'slice_point' for {} tops", points.size(), parts));
    std::int64_t begin = 0;
    for (const std::int64_t point : points) {
      if (point <= begin || point >= size)
        layer.fail(fmt::format("field 'slice_point' has the value {}", point));
      sizes.push_back(point - begin);
      begin = point;
    }
    sizes.push_back(size - begin);
  }
  op::Split split;
  split.axis = axis;
  split.sizes = std::move(sizes);
  return layer.graph().add_node(std::move(split), {layer.bottom()}, parts);
}

Values tile(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("tile_param");
  const std::int64_t rank = layer.rank(layer.bottom());
  const std::int64_t axis = layer.axis(fields.integer("axis", 1), rank);
  const std::int64_t tiles = fields.integer("tiles", 0);
  if (tiles < 1) layer.fail(fmt::format("field 'tiles' has the value {}", tiles));
  Ints repeats(static_cast<std::size_t>(rank), 1);
  repeats[static_cast<std::size_t>(axis)] = tiles;
  return {layer.add(op::Tile{}, {layer.bottom(), layer.integers(repeats)})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_concat(caffe::Registry& registry) {
  registry.add("Concat", caffe::concat);
  registry.add("Slice", caffe::slice);
  registry.add("Tile", caffe::tile);
}

}  // namespace tenon
