#include "importers/tflite/node_context.hpp"

#include "ops/cast.hpp"
#include "ops/reshape.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

namespace tenon::tflite {

void NodeContext::fail(const std::string& reason) const { throw ModelError(reason); }

const TensorDef& NodeContext::output_def(std::size_t i) const {
  if (i >= def_.outputs.size()) fail(fmt::format("output {} is missing", i));
  return model_.tensors[static_cast<std::size_t>(def_.outputs[i])];
}

const Placed& NodeContext::placed(std::size_t i) const {
  if (!has(i)) fail(fmt::format("input {} is missing", i));
  return *operands_[i];
}

ValueId NodeContext::image(std::size_t i) {
  if (rank(i) != 4) fail(fmt::format("input {} has rank {}, expected 4", i, rank(i)));
  return with_last_axis_second(graph_, placed(i));
}

std::optional<Ints> NodeContext::known_ints(std::size_t i) const {
  if (!has(i)) return std::nullopt;
  Ints ints;
  if (const Tensor* tensor = graph_.constant(placed(i).id)) {
    constexpr std::int64_t kMaxElements = 4096;
    if (tensor->elements() > kMaxElements) return std::nullopt;
    if (tensor->dtype() == DataType::i64) {
      const auto values = tensor->values<std::int64_t>();
      return Ints(values.begin(), values.end());
    }
    if (tensor->dtype() != DataType::i32) return std::nullopt;
    const auto values = tensor->values<std::int32_t>();
    return Ints(values.begin(), values.end());
  }
  const auto& symbolic = graph_.value(placed(i).id).symbolic;
  if (!symbolic) return std::nullopt;
  for (const Dim& dim : *symbolic) {
    if (!dim.is_const()) return std::nullopt;
    ints.push_back(dim.value());
  }
  return ints;
}

Ints NodeContext::require_ints(std::size_t i, std::string_view what) const {
  auto ints = known_ints(i);
  if (!ints) fail(fmt::format("{} must be known, not computed", what));
  return *std::move(ints);
}

std::int64_t NodeContext::file_axis(std::size_t i, std::int64_t axis) const {
  const std::int64_t axes = rank(i);
  if (axis < -axes || axis >= axes) fail(fmt::format("axis {} is outside of [{}, {})", axis, -axes, axes));
  return axis < 0 ? axis + axes : axis;
}

std::int64_t NodeContext::graph_axis(std::size_t i, std::int64_t axis) const {
  const std::int64_t in_file = file_axis(i, axis);
  return placed(i).moved ? moved_axis(in_file, rank(i)) : in_file;
}

ValueId NodeContext::ints(const Ints& values) {
  return graph_.add_constant(
      Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, std::span(values)));
}

ValueId NodeContext::reshape(ValueId value, const Ints& shape) {
  return add(op::Reshape{}, {value, ints(shape)});
}

ValueId NodeContext::cast(ValueId value, DataType to) {
  return graph_.type(value).as_tensor().dtype == to ? value : add(op::Cast{.to = to}, {value});
}

ValueId NodeContext::activate(ValueId value, std::size_t index) {
  const auto code = options().scalar<std::int8_t>(index, 0);
  switch (code) {
    case 0: return value;
    case 1: return add(op::unary(PointwiseFn::relu), {value});
    case 2: return add(op::unary(PointwiseFn::clip, -1, 1), {value});
    case 3: return add(op::unary(PointwiseFn::clip, 0, 6), {value});
    case 4: return add(op::unary(PointwiseFn::tanh), {value});
    default: fail(fmt::format("activation {} is not supported", static_cast<int>(code)));
  }
}

NodeContext::Pair NodeContext::pair() {
  const std::size_t rank = static_cast<std::size_t>(std::max(this->rank(0), this->rank(1)));
  const auto is_moved_image = [&](std::size_t i) { return placed(i).moved && dims(i).size() == rank; };
  Pair result;
  result.moved = is_moved_image(0) || is_moved_image(1);
  const auto place = [&](std::size_t i) {
    if (!result.moved) return in_file_order(i);
    const std::size_t own = dims(i).size();
    if (own == rank) return with_last_axis_second(graph_, placed(i));
    ValueId value = in_file_order(i);
    if (own == 0) return value;
    Ints axes(rank - own);
    std::iota(axes.begin(), axes.end(), 0);
    op::Unsqueeze op;
    op.axes = std::move(axes);
    return transpose(graph_, add(std::move(op), {value}), channels_to_front(rank));
  };
  result.a = place(0);
  result.b = place(1);
  return result;
}

Ints window_option(NodeContext& node, std::size_t height, std::size_t width, std::int32_t otherwise) {
  Ints size = {node.options().scalar<std::int32_t>(height, otherwise),
               node.options().scalar<std::int32_t>(width, otherwise)};
  if (size[0] < 1 || size[1] < 1)
    node.fail(fmt::format("a window has the extents, strides or dilations {} and {}", size[0], size[1]));
  return size;
}

}  // namespace tenon::tflite
