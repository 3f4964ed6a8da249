// What cuts and joins: CONCATENATION, PACK, UNPACK, SPLIT, SPLIT_V, SLICE, STRIDED_SLICE, GATHER, GATHER_ND,
// REVERSE_V2, TILE, BROADCAST_TO, FILL, PAD, PADV2, MIRROR_PAD.
#include "ops/slice.hpp"

#include "importers/tflite/node_context.hpp"
#include "ops/concat.hpp"
#include "ops/expand.hpp"
#include "ops/gather.hpp"
#include "ops/gather_nd.hpp"
#include "ops/pad.hpp"
#include "ops/split.hpp"
#include "ops/squeeze.hpp"
#include "ops/tile.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <limits>
#include <set>

namespace tenon::tflite {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

std::vector<Placed> concatenation(NodeContext& node) {
  enum : std::size_t { axis_field, activation };
  const std::int64_t rank = node.rank(0);
  const std::int64_t axis = node.file_axis(0, node.options().scalar<std::int32_t>(axis_field, 0));
  bool moved = false;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (node.rank(i) != rank)
      node.fail(fmt::format("input {} has rank {}, input 0 has {}", i, node.rank(i), rank));
    moved = moved || node.placed(i).moved;
  }
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i)
    operands.push_back(moved ? with_last_axis_second(node.graph(), node.placed(i)) : node.in_file_order(i));
  const ValueId joined =
      node.add(op::Concat{.axis = moved ? moved_axis(axis, rank) : axis}, std::move(operands));
  return one(node.activate(joined, activation), moved);
}

std::vector<Placed> pack(NodeContext& node) {
  enum : std::size_t { values_count, axis };
  op::Unsqueeze unsqueeze;
  unsqueeze.axes = Ints{node.options().scalar<std::int32_t>(axis, 0)};
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < node.input_count(); ++i)
    operands.push_back(node.add(unsqueeze, {node.in_file_order(i)}));
  return one(node.add(op::Concat{.axis = unsqueeze.axes->front()}, std::move(operands)));
}

std::vector<Placed> parts(NodeContext& node, std::size_t data, std::int64_t axis, std::optional<Ints> sizes) {
  op::Split op;
  op.axis = node.graph_axis(data, axis);
  op.sizes = std::move(sizes);
  const auto values = node.graph().add_node(std::move(op), {node.placed(data).id}, node.output_count());
  std::vector<Placed> results;
  results.reserve(values.size());
  for (const ValueId value : values) results.push_back({value, node.placed(data).moved});
  return results;
}

std::int64_t single(const Ints& values, const NodeContext& node) {
  if (values.size() != 1) node.fail("expected one axis");
  return values[0];
}

std::vector<Placed> split(NodeContext& node) {
  return parts(node, 1, single(node.require_ints(0, "the axis"), node), std::nullopt);
}

std::vector<Placed> split_v(NodeContext& node) {
  Ints sizes = node.require_ints(1, "the sizes");
  const std::int64_t axis = node.file_axis(0, single(node.require_ints(2, "the axis"), node));
  const Dim whole = node.dims(0)[static_cast<std::size_t>(axis)];
  std::int64_t known = 0;
  std::int64_t* open = nullptr;
  for (std::int64_t& size : sizes) {
    if (size == -1 && open == nullptr) {
      open = &size;
    } else {
      known = (Dim(known) + size).value();
    }
  }
  if (open != nullptr) {
    if (!whole.is_const()) node.fail("the size of the last part must be known");
    *open = whole.value() - known;
  }
  return parts(node, 0, axis, std::move(sizes));
}

std::vector<Placed> unpack(NodeContext& node) {
  enum : std::size_t { num, axis_field };
  const std::int64_t axis = node.file_axis(0, node.options().scalar<std::int32_t>(axis_field, 0));
  const ValueId data = node.in_file_order(0);
  op::Split split;
  split.axis = axis;
  op::Squeeze squeeze;
  squeeze.axes = Ints{axis};
  std::vector<Placed> results;
  for (const ValueId part : node.graph().add_node(std::move(split), {data}, node.output_count()))
    results.push_back({node.add(squeeze, {part})});
  return results;
}

std::vector<Placed> slice(NodeContext& node) {
  const Ints begin = node.require_ints(1, "the beginning");
  const Ints size = node.require_ints(2, "the size");
  if (begin.size() != size.size() || static_cast<std::int64_t>(begin.size()) != node.rank(0))
    node.fail(fmt::format("{} beginnings and {} sizes for {} axes", begin.size(), size.size(), node.rank(0)));
  Ints ends;
  Ints axes;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (begin[i] < 0 || size[i] < -1) node.fail("a bound is negative");
    ends.push_back(size[i] == -1 || begin[i] > kHighest - size[i] ? kHighest : begin[i] + size[i]);
    axes.push_back(node.graph_axis(0, static_cast<std::int64_t>(i)));
  }
  op::Slice op;
  op.starts = begin;
  op.ends = std::move(ends);
  op.axes = std::move(axes);
  return one(node.add(std::move(op), {node.placed(0).id}), node.placed(0).moved);
}

bool bit(std::int32_t mask, std::size_t i) { return i < 31 && (mask >> i & 1) != 0; }

std::vector<Placed> strided_slice(NodeContext& node) {
  enum : std::size_t { begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask };
  const auto mask = [&](std::size_t field) { return node.options().scalar<std::int32_t>(field, 0); };
  if (mask(ellipsis_mask) != 0 || mask(new_axis_mask) != 0)
    node.fail("ellipsis and new axes are not supported");
  const Ints begin = node.require_ints(1, "the beginning");
  const Ints end = node.require_ints(2, "the end");
  const Ints stride = node.require_ints(3, "the strides");
  if (begin.size() != end.size() || begin.size() != stride.size() ||
      static_cast<std::int64_t>(begin.size()) > node.rank(0))
    node.fail("the bounds do not fit the input");
  Ints starts;
  Ints ends;
  Ints axes;
  Ints steps;
  Ints dropped;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    if (stride[i] == 0) node.fail("a stride is 0");
    axes.push_back(static_cast<std::int64_t>(i));
    if (bit(mask(shrink_axis_mask), i)) {
      if (stride[i] < 0) node.fail("a single element cannot have a negative stride");
      starts.push_back(begin[i]);
      ends.push_back(begin[i] == -1 ? kHighest : begin[i] + 1);
      steps.push_back(1);
      dropped.push_back(axes.back());
      continue;
    }
    starts.push_back(!bit(mask(begin_mask), i) ? begin[i] : (stride[i] > 0 ? 0 : kHighest));
    ends.push_back(!bit(mask(end_mask), i) ? end[i] : (stride[i] > 0 ? kHighest : kLowest));
    steps.push_back(stride[i]);
  }
  op::Slice op;
  op.starts = std::move(starts);
  op.ends = std::move(ends);
  op.axes = std::move(axes);
  op.steps = std::move(steps);
  if (dropped.empty() && node.placed(0).moved) {
    for (std::int64_t& axis : *op.axes) axis = moved_axis(axis, node.rank(0));
    return one(node.add(std::move(op), {node.placed(0).id}), true);
  }
  ValueId result = node.add(std::move(op), {node.in_file_order(0)});
  if (!dropped.empty()) {
    op::Squeeze squeeze;
    squeeze.axes = std::move(dropped);
    result = node.add(std::move(squeeze), {result});
  }
  return one(result);
}

std::vector<Placed> gather(NodeContext& node) {
  enum : std::size_t { axis, batch_dims };
  if (node.options().scalar<std::int32_t>(batch_dims, 0) != 0) node.fail("batch_dims are not supported");
  const op::Gather op{.axis = node.file_axis(0, node.options().scalar<std::int32_t>(axis, 0))};
  return one(node.add(op, {node.in_file_order(0), node.in_file_order(1)}));
}

std::vector<Placed> gather_nd(NodeContext& node) {
  return one(
      node.add(op::GatherNd{}, {node.in_file_order(0), node.cast(node.in_file_order(1), DataType::i64)}));
}

std::vector<Placed> reverse(NodeContext& node) {
  op::Slice op;
  op.axes.emplace();
  for (const std::int64_t axis : node.require_ints(1, "the axes"))
    op.axes->push_back(node.graph_axis(0, axis));
  if (op.axes->empty()) return {node.placed(0)};
  op.starts = Ints(op.axes->size(), kHighest);
  op.ends = Ints(op.axes->size(), kLowest);
  op.steps = Ints(op.axes->size(), -1);
  return one(node.add(std::move(op), {node.placed(0).id}), node.placed(0).moved);
}

std::vector<Placed> tile(NodeContext& node) {
  return one(node.add(op::Tile{}, {node.in_file_order(0), node.cast(node.in_file_order(1), DataType::i64)}));
}

std::vector<Placed> broadcast_to(NodeContext& node) {
  return one(
      node.add(op::Expand{}, {node.in_file_order(0), node.cast(node.in_file_order(1), DataType::i64)}));
}

std::vector<Placed> fill(NodeContext& node) {
  return one(
      node.add(op::Expand{}, {node.in_file_order(1), node.cast(node.in_file_order(0), DataType::i64)}));
}

// On numbers: what is added is the real 0, which is not the stored one.
std::vector<Placed> padded(NodeContext& node, op::PadMode mode) {
  const std::int64_t rank = node.rank(0);
  const Ints rows = node.require_ints(1, "the padding");  // [before, after] for each axis
  if (static_cast<std::int64_t>(rows.size()) != 2 * rank)
    node.fail(fmt::format("the padding has {} numbers for {} axes", rows.size(), rank));
  Ints pads(rows.size());
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    const auto to = static_cast<std::size_t>(node.graph_axis(0, axis));
    pads[to] = rows[2 * static_cast<std::size_t>(axis)];
    pads[to + static_cast<std::size_t>(rank)] = rows[2 * static_cast<std::size_t>(axis) + 1];
  }
  for (const std::int64_t amount : pads) {
    if (amount < 0) node.fail(fmt::format("the padding {} is negative", amount));
  }
  op::Pad op;
  op.mode = mode;
  op.pads = std::move(pads);
  std::vector<ValueId> operands = {node.placed(0).id};
  if (node.has(2)) {  // behind the place of `pads` as an operand
    operands.emplace_back();
    operands.push_back(node.reshape(node.in_file_order(2), {}));
  }
  return one(node.add(std::move(op), std::move(operands)), node.placed(0).moved);
}

std::vector<Placed> pad(NodeContext& node) { return padded(node, op::PadMode::constant); }

std::vector<Placed> mirror_pad(NodeContext& node) {
  if (node.options().scalar<std::int8_t>(0, 0) != 0) node.fail("symmetric mirroring is not supported");
  return padded(node, op::PadMode::reflect);
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_slice(tflite::Registry& registry) {
  using tflite::Handles;
  registry.add(2, "CONCATENATION", tflite::concatenation);
  registry.add(34, "PAD", tflite::pad);
  registry.add(36, "GATHER", tflite::gather, Handles::elements);
  registry.add(45, "STRIDED_SLICE", tflite::strided_slice, Handles::elements);
  registry.add(49, "SPLIT", tflite::split, Handles::elements);
  registry.add(60, "PADV2", tflite::pad);
  registry.add(65, "SLICE", tflite::slice, Handles::elements);
  registry.add(69, "TILE", tflite::tile, Handles::elements);
  registry.add(83, "PACK", tflite::pack, Handles::elements);
  registry.add(88, "UNPACK", tflite::unpack, Handles::elements);
  registry.add(94, "FILL", tflite::fill, Handles::elements);
  registry.add(100, "MIRROR_PAD", tflite::mirror_pad, Handles::elements);
  registry.add(102, "SPLIT_V", tflite::split_v, Handles::elements);
  registry.add(105, "REVERSE_V2", tflite::reverse, Handles::elements);
  registry.add(107, "GATHER_ND", tflite::gather_nd, Handles::elements);
  registry.add(130, "BROADCAST_TO", tflite::broadcast_to, Handles::elements);
}

}  // namespace tenon
