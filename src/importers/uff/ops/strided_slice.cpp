// StridedSlice: operands begin, end and strides, one element for each of the first axes. A bit of begin_mask
// or end_mask opens that end; one of shrink_axis_mask takes the element at begin and drops the axis.
#include "importers/uff/node_context.hpp"
#include "ops/slice.hpp"
#include "ops/squeeze.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

namespace tenon::uff {
namespace {

Ints known_bounds(const NodeContext& node, std::size_t i, std::string_view what) {
  auto bounds = node.known_ints(i);
  if (!bounds) node.fail(fmt::format("{} must be known, not computed", what));
  return *bounds;
}

bool bit(std::int64_t mask, std::size_t i) { return i < 63 && (mask >> i & 1) != 0; }

struct Bounds {
  op::Slice slice;
  std::set<std::int64_t> dropped;  // axes of the graph
};

Bounds read_bounds(NodeContext& node) {
  const Ints begin = known_bounds(node, 1, "the beginning");
  const Ints end = known_bounds(node, 2, "the end");
  const Ints stride = known_bounds(node, 3, "the strides");
  const std::int64_t begin_mask = node.find_int("begin_mask").value_or(0);
  const std::int64_t end_mask = node.find_int("end_mask").value_or(0);
  const std::int64_t shrink_mask = node.find_int("shrink_axis_mask").value_or(0);
  const std::int64_t rank = node.rank(0);
  if (begin.size() != end.size() || begin.size() != stride.size() ||
      begin.size() > static_cast<std::size_t>(rank)) {
    node.fail(fmt::format("the slice has {} beginnings, {} ends and {} strides for {} axes", begin.size(),
                          end.size(), stride.size(), rank));
  }
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  Bounds bounds;
  Ints starts;
  Ints ends;
  Ints axes;
  Ints steps;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const auto axis = static_cast<std::int64_t>(i);
    axes.push_back(node.graph_axis(0, axis));
    if (stride[i] == 0) node.fail("a stride is 0");
    if (bit(shrink_mask, i)) {
      if (stride[i] < 0) node.fail("a single element cannot have a negative stride");
      starts.push_back(begin[i]);
      ends.push_back(begin[i] == -1 ? kHighest : begin[i] + 1);
      steps.push_back(1);
      bounds.dropped.insert(axes.back());
      continue;
    }
    starts.push_back(!bit(begin_mask, i) ? begin[i] : (stride[i] > 0 ? 0 : kHighest));
    ends.push_back(!bit(end_mask, i) ? end[i] : (stride[i] > 0 ? kHighest : kLowest));
    steps.push_back(stride[i]);
  }
  bounds.slice.starts = std::move(starts);
  bounds.slice.ends = std::move(ends);
  bounds.slice.axes = std::move(axes);
  bounds.slice.steps = std::move(steps);
  return bounds;
}

Placed strided_slice(NodeContext& node) {
  node.require_inputs(4, 4);
  Bounds bounds = read_bounds(node);
  Placed result = node.placed(0);
  if (bounds.slice.axes->empty()) return result;
  result.id = node.add(std::move(bounds.slice), {result.id});
  if (bounds.dropped.empty()) return result;
  op::Squeeze squeeze;
  squeeze.axes = Ints(bounds.dropped.begin(), bounds.dropped.end());
  if (in_order_without(node.graph(), node.placed(0), bounds.dropped))
    return {node.add(std::move(squeeze), {result.id})};
  Ints in_file;
  for (std::int64_t axis = 0; axis < node.rank(0); ++axis) {
    if (bounds.dropped.count(node.graph_axis(0, axis)) != 0) in_file.push_back(axis);
  }
  squeeze.axes = std::move(in_file);
  const auto rank = static_cast<std::size_t>(node.rank(0));
  return {node.add(std::move(squeeze), {node.transpose(result.id, channels_to_back(rank))})};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_strided_slice(uff::Registry& registry) { registry.add("StridedSlice", uff::strided_slice); }

}  // namespace tenon
