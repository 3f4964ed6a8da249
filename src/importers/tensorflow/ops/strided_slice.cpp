// StridedSlice: x[begin:end:stride, …, new axis, index] as Python writes it.
//
// Each entry of begin, end and strides stands for an axis, in order. Bits of the masks say of entry i:
// begin_mask and end_mask leave the bound open; ellipsis_mask: it stands for all axes that no other entry
// does; new_axis_mask: an axis of extent 1 comes here; shrink_axis_mask: the axis is indexed by begin and
// vanishes.
#include "importers/tensorflow/converters.hpp"
#include "ops/slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::tensorflow {
namespace {

constexpr std::int64_t kOpenEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kOpenBegin = std::numeric_limits<std::int64_t>::min();

struct Masks {
  std::int64_t begin, end, ellipsis, new_axis, shrink;
};

bool bit(std::int64_t mask, std::size_t i) { return i < 63 && ((mask >> i) & 1) != 0; }

// What the entries say, by axis of x.
struct Plan {
  struct Bound {
    std::int64_t axis;
    std::size_t entry;
    bool open_begin, open_end;
    std::int64_t stride;
  };
  struct Index {
    std::int64_t axis;
    std::size_t entry;
  };
  std::vector<Bound> bounds;
  std::vector<Index> indices;
  Ints new_axes;  // of the result
};

Plan make_plan(const NodeContext& node, const Masks& masks, const Ints& strides, std::int64_t rank) {
  std::int64_t named = 0;  // axes of x that entries stand for
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (!bit(masks.new_axis, i) && !bit(masks.ellipsis, i)) ++named;
  }
  Plan plan;
  std::int64_t axis = 0;
  std::int64_t result_axis = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (bit(masks.ellipsis, i)) {
      const std::int64_t skipped = std::max<std::int64_t>(rank - named, 0);
      axis += skipped;
      result_axis += skipped;
    } else if (bit(masks.new_axis, i)) {
      plan.new_axes.push_back(result_axis++);
    } else {
      if (axis >= rank) node.fail(fmt::format("{} axes are sliced, the data has {}", named, rank));
      if (strides[i] == 0) node.fail("a stride is 0");
      if (bit(masks.shrink, i)) {
        plan.indices.push_back({axis, i});
      } else {
        const bool open_begin = bit(masks.begin, i);
        const bool open_end = bit(masks.end, i);
        if (!open_begin || !open_end || strides[i] != 1)
          plan.bounds.push_back({axis, i, open_begin, open_end, strides[i]});
        ++result_axis;
      }
      ++axis;
    }
  }
  return plan;
}

// Entry i of an i64 vector that is computed.
ValueId entry_of(NodeContext& node, ValueId vector, std::size_t i) {
  const auto at = static_cast<std::int64_t>(i);
  return slice(node, vector, {0}, {at}, {at + 1});
}

ValueId slice_bounds(NodeContext& node, ValueId x, const Plan& plan) {
  const auto begin = node.known_ints(1);
  const auto end = node.known_ints(2);
  Ints axes;
  Ints strides;
  Ints starts;
  Ints ends;
  bool known = true;
  for (const Plan::Bound& bound : plan.bounds) {
    axes.push_back(bound.axis);
    strides.push_back(bound.stride);
    starts.push_back(bound.open_begin ? (bound.stride > 0 ? 0 : kOpenEnd)
                     : begin          ? (*begin)[bound.entry]
                                      : 0);
    ends.push_back(bound.open_end ? (bound.stride > 0 ? kOpenEnd : kOpenBegin)
                   : end          ? (*end)[bound.entry]
                                  : 0);
    known = known && (bound.open_begin || begin) && (bound.open_end || end);
  }
  if (axes.empty()) return x;
  if (known) return slice(node, x, axes, starts, ends, strides);
  const ValueId all_begins = as_operand(node, ints_operand(node, 1));
  const ValueId all_ends = as_operand(node, ints_operand(node, 2));
  Values begin_parts;
  Values end_parts;
  for (std::size_t k = 0; k < plan.bounds.size(); ++k) {
    const Plan::Bound& bound = plan.bounds[k];
    const bool fixed_begin = bound.open_begin || begin.has_value();
    const bool fixed_end = bound.open_end || end.has_value();
    begin_parts.push_back(fixed_begin ? node.ints({starts[k]}) : entry_of(node, all_begins, bound.entry));
    end_parts.push_back(fixed_end ? node.ints({ends[k]}) : entry_of(node, all_ends, bound.entry));
  }
  op::Slice op;
  op.axes = axes;
  op.steps = strides;
  return node.add(std::move(op), {x, concat(node, begin_parts, 0), concat(node, end_parts, 0)});
}

// Axes that are indexed: a slice of one element where the index is known, which inference follows; else a
// gather.
ValueId take_indices(NodeContext& node, ValueId x, const Plan& plan) {
  const auto begin = node.known_ints(1);
  Ints dropped;
  for (const Plan::Index& index : plan.indices) {
    dropped.push_back(index.axis);
    if (begin) {
      const std::int64_t at = (*begin)[index.entry];
      x = slice(node, x, {index.axis}, {at}, {at == -1 || at == kOpenEnd ? kOpenEnd : at + 1});
    } else {
      const ValueId all = as_operand(node, ints_operand(node, 1));
      x = gather(node, x, entry_of(node, all, index.entry), index.axis);
    }
  }
  return squeeze(node, x, dropped);
}

Values strided_slice(NodeContext& node) {
  node.require_inputs(4);
  const Masks masks{node.attr_int("begin_mask", 0), node.attr_int("end_mask", 0),
                    node.attr_int("ellipsis_mask", 0), node.attr_int("new_axis_mask", 0),
                    node.attr_int("shrink_axis_mask", 0)};
  const Ints strides = node.require_ints(3, "the strides");
  for (std::size_t i : {1U, 2U}) {
    const auto known = node.known_ints(i);
    if (known && known->size() != strides.size())
      node.fail(fmt::format("{} bounds and {} strides are given", known->size(), strides.size()));
  }
  const Plan plan = make_plan(node, masks, strides, node.rank(0));
  ValueId x = slice_bounds(node, node.input(0), plan);
  x = take_indices(node, x, plan);
  return one(unsqueeze(node, x, plan.new_axes));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_strided_slice(tensorflow::Registry& registry) {
  registry.add("StridedSlice", tensorflow::strided_slice);
}

}  // namespace tenon
