#include "importers/uff/window.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::uff {
namespace {

// Sizes beyond this are nonsense and would overflow sums and products.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

Ints read_extents(NodeContext& node, std::string_view name, std::size_t spatial, std::int64_t least) {
  Ints list = node.find_ints(name).value_or(Ints());
  if (!list.empty() && list.size() != spatial) {
    node.fail(fmt::format("field '{}' has {} elements for {} spatial axes", name, list.size(), spatial));
  }
  for (const std::int64_t value : list) {
    if (value < least || value > kMaxExtent)
      node.fail(fmt::format("field '{}' has the value {}", name, value));
  }
  return list;
}

bool all_known(std::span<const Dim> dims) {
  return std::all_of(dims.begin(), dims.end(), [](const Dim& dim) { return dim.is_const(); });
}

Ints to_ints(std::span<const Dim> dims) {
  Ints ints;
  for (const Dim& dim : dims) ints.push_back(dim.value());
  return ints;
}

}  // namespace

Window read_window(NodeContext& node, std::size_t spatial) {
  Window window;
  window.stride = read_extents(node, "strides", spatial, 1);
  window.dilation = read_extents(node, "dilation", spatial, 1);
  window.padding = read_extents(node, "padding", spatial, 0);
  const bool zero = std::all_of(window.padding.begin(), window.padding.end(),
                                [](std::int64_t padding) { return padding == 0; });
  if (zero) window.padding.clear();
  if (const auto implicit = node.find_string("implicit_padding")) {
    if (*implicit != "same")
      node.fail(fmt::format("field 'implicit_padding' has the value {}", quote(*implicit)));
    window.same = true;
    if (!window.padding.empty()) node.fail("fields 'padding' and 'implicit_padding' exclude each other");
  }
  return window;
}

Padding resolve_padding(const Window& window, const Dims& image, std::span<const Dim> kernel) {
  Padding result;
  if (!window.same) {
    result.pad = window.padding;
    result.pad.insert(result.pad.end(), window.padding.begin(), window.padding.end());
    return result;
  }
  result.auto_pad = op::AutoPad::same_upper;
  const auto spatial = std::span(image).subspan(2);
  if (!all_known(spatial) || !all_known(kernel)) return result;
  const auto axes = op::resolve_window({window.stride, window.dilation, {}, result.auto_pad, false},
                                       to_ints(spatial), to_ints(kernel));
  for (const op::WindowAxis& axis : axes) result.pad.push_back(axis.pad_begin);
  for (const op::WindowAxis& axis : axes) result.pad.push_back(axis.pad_end);
  result.auto_pad = op::AutoPad::explicit_pads;
  return result;
}

}  // namespace tenon::uff
