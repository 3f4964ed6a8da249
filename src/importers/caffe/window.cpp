#include "importers/caffe/window.hpp"

#include <fmt/format.h>

namespace tenon::caffe {
namespace {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 20;

}  // namespace

Ints read_extents(const LayerContext& layer, const Message& fields, std::string_view name,
                  std::string_view prefix, std::size_t axes, std::int64_t least, std::int64_t otherwise) {
  Ints extents = fields.integers(name);
  const auto height = fields.find_integer(fmt::format("{}_h", prefix));
  const auto width = fields.find_integer(fmt::format("{}_w", prefix));
  if (height || width) {
    if (!extents.empty() || axes != 2)
      layer.fail(fmt::format("fields '{0}_h' and '{0}_w' are for two axes, without '{1}'", prefix, name));
    extents = {height.value_or(otherwise), width.value_or(otherwise)};
  }
  if (extents.empty()) extents.assign(axes, otherwise);
  if (extents.size() == 1) extents.assign(axes, extents[0]);
  if (extents.size() != axes)
    layer.fail(fmt::format("field '{}' has {} numbers for {} axes", name, extents.size(), axes));
  for (const std::int64_t extent : extents) {
    if (extent < least || extent > kMaxExtent)
      layer.fail(fmt::format("field '{}' has the value {}", name, extent));
  }
  return extents;
}

Ints both_ends(const Ints& pad) {
  Ints both = pad;
  both.insert(both.end(), pad.begin(), pad.end());
  return both;
}

}  // namespace tenon::caffe
