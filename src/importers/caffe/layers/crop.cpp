// Crop: the first bottom cut to the sizes of the second, from `axis` on.
#include "importers/caffe/layer_context.hpp"
#include "ops/slice.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

Values crop(LayerContext& layer) {
  layer.require(2, 1);
  const Message& fields = layer.parameters("crop_param");
  const std::int64_t rank = layer.rank(layer.bottom(0));
  if (layer.rank(layer.bottom(1)) != rank) layer.fail("the bottoms have different ranks");
  const std::int64_t axis = layer.axis(fields.integer("axis", 2), rank);
  const auto count = static_cast<std::size_t>(rank - axis);
  Ints offsets = fields.integers("offset");
  if (offsets.empty()) offsets.assign(count, 0);
  if (offsets.size() == 1) offsets.assign(count, offsets[0]);
  if (offsets.size() != count)
    layer.fail(fmt::format("{} numbers 'offset' for {} axes", offsets.size(), count));

  op::Slice slice;
  slice.axes.emplace();
  slice.ends.emplace();
  bool known = true;
  for (std::int64_t i = axis; i < rank; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Dim& from = layer.dims(layer.bottom(0))[at];
    const Dim& to = layer.dims(layer.bottom(1))[at];
    const std::int64_t offset = offsets[at - static_cast<std::size_t>(axis)];
    const bool outside = from.is_const() && to.is_const() && offset > from.value() - to.value();
    if (offset < 0 || outside) {
      layer.fail(fmt::format("{} elements from {} on do not lie within {} of axis {}", to.to_string(), offset,
                             from.to_string(), i));
    }
    slice.axes->push_back(i);
    known = known && to.is_const();
    if (to.is_const()) slice.ends->push_back(offset + to.value());
  }
  if (known) {
    slice.starts = offsets;
    return {layer.add(std::move(slice), {layer.bottom(0)})};
  }
  slice.ends.reset();
  slice.starts = offsets;
  const ValueId ends =
      layer.binary(PointwiseFn::add, layer.shape_of(layer.bottom(1), axis, rank), layer.integers(offsets));
  return {layer.add(std::move(slice), {layer.bottom(0), ValueId{}, ends})};
}

}  // namespace
}  // namespace tenon::caffe

namespace tenon {

void register_caffe_crop(caffe::Registry& registry) { registry.add("Crop", caffe::crop); }

}  // namespace tenon
