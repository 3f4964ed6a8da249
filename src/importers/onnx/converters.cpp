#include "importers/onnx/converters.hpp"

#include "ops/cast.hpp"
#include "ops/reshape.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace tenon::onnx {
namespace {

// Sizes beyond this are nonsense and would overflow sums and products.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 31;

void check_extents(const NodeContext& node, std::string_view name, const Ints& list, std::int64_t least) {
  for (const std::int64_t value : list) {
    if (value < least || value > kMaxExtent)
      node.fail(fmt::format("attribute '{}' has the value {}", name, value));
  }
}

Ints values(const Dims& dims) {
  Ints ints;
  for (const Dim& dim : dims) ints.push_back(dim.value());
  return ints;
}

}  // namespace

IntsArgument ints_operand(NodeContext& node, std::size_t index) {
  IntsArgument argument;
  if (!node.has(index)) return argument;
  argument.known = node.known_ints(index);
  if (!argument.known) argument.operand = cast(node, node.input(index), DataType::i64);
  return argument;
}

IntsArgument ints_argument(NodeContext& node, std::string_view attribute, std::int64_t operand_since,
                           std::size_t index) {
  if (node.opset() >= operand_since) return ints_operand(node, index);
  return {node.find_ints(attribute), ValueId{}};
}

std::int64_t normalize_axis(const NodeContext& node, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    node.fail(fmt::format("axis {} is outside of [{}, {})", axis, -rank, rank));
  return axis < 0 ? axis + rank : axis;
}

ValueId add_scalar(NodeContext& node, DataType dtype, double value) {
  return node.graph().add_constant(scalar_tensor(dtype, value));
}

ValueId cast(NodeContext& node, ValueId value, DataType to) {
  if (node.type_of(value).as_tensor().dtype == to) return value;
  return node.add(op::Cast{.to = to}, {value});
}

ValueId reshape(NodeContext& node, ValueId value, const Ints& shape) {
  return node.add(op::Reshape{}, {value, node.ints(shape)});
}

Window read_window(NodeContext& node) {
  Window window;
  window.stride = node.attr_ints("strides");
  window.dilation = node.attr_ints("dilations");
  window.pad = node.attr_ints("pads");
  check_extents(node, "strides", window.stride, 1);
  check_extents(node, "dilations", window.dilation, 1);
  check_extents(node, "pads", window.pad, 0);
  const std::size_t choice = node.attr_choice("auto_pad", {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"}, 0);
  window.auto_pad = static_cast<op::AutoPad>(choice);
  // Exporters leave a list of zeros beside auto_pad, which then counts alone.
  if (window.auto_pad != op::AutoPad::explicit_pads) window.pad.clear();
  return window;
}

void resolve_padding(Window& window, const Dims& spatial, const Dims& kernel, bool ceil_mode) {
  using op::AutoPad;
  if (window.auto_pad == AutoPad::explicit_pads) return;
  // With ceil_mode SAME and VALID have output sizes of their own.
  if (ceil_mode || spatial.empty() || spatial.size() != kernel.size()) return;
  const bool same = window.auto_pad != AutoPad::valid;
  if (same) {
    const auto usable = [&](const Ints& list) { return list.empty() || list.size() == spatial.size(); };
    const auto sized = [](const Dim& dim) { return dim.is_const() && dim.value() <= kMaxExtent; };
    if (!std::all_of(spatial.begin(), spatial.end(), sized) ||
        !std::all_of(kernel.begin(), kernel.end(), sized))
      return;
    if (!usable(window.stride) || !usable(window.dilation)) return;  // inference says what is wrong
    const op::WindowFields fields{window.stride, window.dilation, window.pad, window.auto_pad, false};
    Ints begins;
    Ints ends;
    for (const op::WindowAxis& axis : op::resolve_window(fields, values(spatial), values(kernel))) {
      begins.push_back(axis.pad_begin);
      ends.push_back(axis.pad_end);
    }
    window.pad = std::move(begins);
    window.pad.insert(window.pad.end(), ends.begin(), ends.end());
  }
  window.auto_pad = AutoPad::explicit_pads;
}

Dims spatial_dims(const NodeContext& node, std::size_t i) {
  const Dims* dims = node.dims(i);
  if (dims == nullptr || dims->size() < 2) return {};
  return Dims(dims->begin() + 2, dims->end());
}

}  // namespace tenon::onnx
