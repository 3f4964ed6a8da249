// Interp and Upsample.
#include "ops/resize.hpp"

#include "importers/caffe/layer_context.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/reshape.hpp"
#include "ops/scatter_elements.hpp"
#include "ops/slice.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::caffe {
namespace {

constexpr std::int64_t kMaxSide = std::int64_t{1} << 20;

std::int64_t within(const LayerContext& layer, std::string_view what, std::int64_t value,
                    std::int64_t least) {
  if (value < least || value > kMaxSide) layer.fail(fmt::format("{} has the value {}", what, value));
  return value;
}

// Shrunk to every shrink_factor-th element, or blown up with zoom_factor - 1 elements between each two.
std::int64_t interpolated_size(const LayerContext& layer, const Message& fields, std::int64_t size) {
  const std::int64_t shrink = within(layer, "field 'shrink_factor'", fields.integer("shrink_factor", 1), 1);
  const std::int64_t zoom = within(layer, "field 'zoom_factor'", fields.integer("zoom_factor", 1), 1);
  const std::int64_t shrunk = (size - 1) / shrink + 1;
  return within(layer, "a side", shrunk + (shrunk - 1) * (zoom - 1), 1);
}

// Bilinear, the corners of both pictures upon each other.
Values interp(LayerContext& layer) {
  layer.require(1, 1);
  const Message& fields = layer.parameters("interp_param");
  ValueId x = layer.bottom();
  if (layer.rank(x) != 4) layer.fail("needs four axes");
  // Negative padding cuts.
  const std::int64_t begin = -within(layer, "field 'pad_beg'", -fields.integer("pad_beg", 0), 0);
  const std::int64_t end = -within(layer, "field 'pad_end'", -fields.integer("pad_end", 0), 0);
  Ints sizes;
  for (std::int64_t axis = 2; axis < 4; ++axis)
    sizes.push_back(within(layer, "a side", layer.fixed(x, axis) + begin + end, 1));
  if (begin != 0 || end != 0) {
    op::Slice cut;
    cut.axes = Ints{2, 3};
    cut.starts = Ints{-begin, -begin};
    cut.ends = Ints{sizes[0] - begin, sizes[1] - begin};
    x = layer.add(std::move(cut), {x});
  }
  const auto height = fields.find_integer("height");
  const auto width = fields.find_integer("width");
  op::Resize resize;
  resize.mode = op::ResizeMode::linear;
  resize.transform = op::CoordinateTransform::align_corners;
  resize.axes = {2, 3};
  if (height || width) {
    fields.ignore({"shrink_factor", "zoom_factor"});
    resize.sizes = {within(layer, "field 'height'", height.value_or(0), 1),
                    within(layer, "field 'width'", width.value_or(0), 1)};
  } else {
    for (const std::int64_t size : sizes) resize.sizes.push_back(interpolated_size(layer, fields, size));
  }
  if (resize.sizes == sizes) return {x};
  return {layer.add(std::move(resize), {x})};
}

// Every element goes to where pooling found it, all others are zero.
Values unpool(LayerContext& layer, std::int64_t height, std::int64_t width) {
  const ValueId x = layer.bottom(0);
  const std::int64_t plane = height * width;
  const ValueId leading = layer.shape_of(x, 0, 2);
  const auto planes = [&](ValueId value, std::int64_t size) {
    return layer.add(op::Reshape{}, {value, layer.add(op::Concat{0}, {leading, layer.integers({size})})});
  };
  const std::int64_t small = layer.fixed_product(x, 2, 4);
  const ValueId indices = layer.add(op::Cast{.to = DataType::i64}, {planes(layer.bottom(1), small)});
  const ValueId zeros =
      layer.add(op::ConstantOfShape{}, {layer.add(op::Concat{0}, {leading, layer.integers({plane})})});
  const ValueId scattered = layer.add(op::ScatterElements{2}, {zeros, indices, planes(x, small)});
  const ValueId shape = layer.add(op::Concat{0}, {leading, layer.integers({height, width})});
  return {layer.add(op::Reshape{}, {scattered, shape})};
}

// With a mask: the inverse of a pooling. Without: nearest neighbours.
Values upsample(LayerContext& layer) {
  layer.require(1, 2, 1, 1);
  const Message& fields = layer.parameters("upsample_param");
  const ValueId x = layer.bottom();
  if (layer.rank(x) != 4) layer.fail("needs four axes");
  const std::int64_t scale = within(layer, "field 'scale'", fields.integer("scale", 2), 1);
  const std::int64_t scale_h = within(layer, "field 'scale_h'", fields.integer("scale_h", scale), 1);
  const std::int64_t scale_w = within(layer, "field 'scale_w'", fields.integer("scale_w", scale), 1);
  const auto height = fields.find_integer("upsample_h");
  const auto width = fields.find_integer("upsample_w");
  fields.ignore({"pad_out_h", "pad_out_w"});
  if (layer.bottom_count() == 1) {
    op::Resize resize;
    resize.transform = op::CoordinateTransform::asymmetric;
    resize.nearest_mode = op::NearestMode::floor;
    resize.axes = {2, 3};
    resize.scales = {static_cast<float>(scale_h), static_cast<float>(scale_w)};
    return {layer.add(std::move(resize), {x})};
  }
  return unpool(layer, within(layer, "the height", height ? *height : layer.fixed(x, 2) * scale_h, 1),
                within(layer, "the width", width ? *width : layer.fixed(x, 3) * scale_w, 1));
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_resize(caffe::Registry& registry) {
  registry.add("Interp", caffe::interp);
  registry.add("Upsample", caffe::upsample);
}

}  // namespace tenon
