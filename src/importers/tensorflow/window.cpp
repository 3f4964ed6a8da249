#include "importers/tensorflow/window.hpp"

#include "importers/tensorflow/converters.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::tensorflow {
namespace {

// Sizes beyond this are nonsense and would overflow sums and products.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

}  // namespace

Ints spatial_entries(const NodeContext& node, const Ints& list, std::size_t spatial, bool last,
                     std::string_view what) {
  if (list.empty()) return Ints(spatial, 1);
  if (list.size() != spatial + 2)
    node.fail(fmt::format("{} has {} entries, expected {}", what, list.size(), spatial + 2));
  const std::size_t channel = last ? spatial + 1 : 1;
  if (list[0] != 1 || list[channel] != 1) node.fail(fmt::format("{} of batch or channels are not 1", what));
  Ints entries(list.begin() + (last ? 1 : 2),
               list.begin() + (last ? 1 : 2) + static_cast<std::ptrdiff_t>(spatial));
  for (const std::int64_t entry : entries) {
    if (entry < 1 || entry > kMaxExtent) node.fail(fmt::format("{} has the entry {}", what, entry));
  }
  return entries;
}

Window read_window(NodeContext& node, std::size_t spatial) {
  Window window;
  window.last = channels_last(node);
  window.stride =
      spatial_entries(node, node.attr_ints("strides"), spatial, window.last, "attribute 'strides'");
  window.dilation =
      spatial_entries(node, node.attr_ints("dilations"), spatial, window.last, "attribute 'dilations'");
  const Ints pads = node.attr_ints("explicit_paddings");
  switch (node.attr_choice("padding", {"VALID", "SAME", "EXPLICIT"}, 0)) {
    case 0: break;
    case 1: window.auto_pad = op::AutoPad::same_upper; break;
    default: {
      if (pads.size() != 2 * (spatial + 2))
        node.fail(fmt::format("attribute 'explicit_paddings' has {} entries, expected {}", pads.size(),
                              2 * (spatial + 2)));
      const std::size_t first = window.last ? 1 : 2;
      Ints ends;
      for (std::size_t axis = 0; axis < spatial + 2; ++axis) {
        const std::int64_t begin = pads[2 * axis];
        const std::int64_t end = pads[2 * axis + 1];
        if (begin < 0 || end < 0 || begin > kMaxExtent || end > kMaxExtent)
          node.fail(fmt::format("attribute 'explicit_paddings' has the entries {} and {}", begin, end));
        const bool is_spatial = axis >= first && axis < first + spatial;
        if (!is_spatial && (begin != 0 || end != 0)) node.fail("batch or channels are padded");
        if (is_spatial) window.pad.push_back(begin);
        if (is_spatial) ends.push_back(end);
      }
      window.pad.insert(window.pad.end(), ends.begin(), ends.end());
    }
  }
  if (window.auto_pad == op::AutoPad::explicit_pads && window.pad.empty()) window.pad.assign(2 * spatial, 0);
  return window;
}

void resolve_padding(const NodeContext& node, Window& window, ValueId data, const Ints& kernel) {
  const Dims* dims = node.dims_of(data);
  if (window.auto_pad == op::AutoPad::explicit_pads || dims == nullptr || dims->size() != kernel.size() + 2)
    return;
  Ints sizes;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const Dim& dim = (*dims)[i + 2];
    if (!dim.is_const() || dim.value() > kMaxExtent || kernel[i] > kMaxExtent) return;
    sizes.push_back(dim.value());
  }
  const op::WindowFields fields{window.stride, window.dilation, {}, window.auto_pad, false};
  Ints ends;
  window.pad.clear();
  for (const op::WindowAxis& axis : op::resolve_window(fields, sizes, kernel)) {
    window.pad.push_back(axis.pad_begin);
    ends.push_back(axis.pad_end);
  }
  window.pad.insert(window.pad.end(), ends.begin(), ends.end());
  window.auto_pad = op::AutoPad::explicit_pads;
}

}  // namespace tenon::tensorflow
