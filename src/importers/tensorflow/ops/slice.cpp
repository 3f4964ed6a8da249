// Parts of tensors, and tensors joined of parts.
#include "ops/slice.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/reverse_sequence.hpp"
#include "ops/split.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace tenon::tensorflow {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kBegin = std::numeric_limits<std::int64_t>::min();

Values slice_node(NodeContext& node) {
  node.require_inputs(3);
  const auto begin = node.known_ints(1);
  const auto size = node.known_ints(2);
  if (begin && size && begin->size() == size->size()) {
    Ints axes;
    Ints starts;
    Ints ends;
    for (std::size_t i = 0; i < begin->size(); ++i) {
      if ((*begin)[i] == 0 && (*size)[i] == -1) continue;
      if ((*begin)[i] < 0 || (*size)[i] < -1)
        node.fail(fmt::format("begin {} and size {} are not allowed", (*begin)[i], (*size)[i]));
      axes.push_back(static_cast<std::int64_t>(i));
      starts.push_back((*begin)[i]);
      ends.push_back((*size)[i] == -1 ? kEnd : (Dim((*begin)[i]) + Dim((*size)[i])).value());
    }
    return one(axes.empty() ? node.input(0) : slice(node, node.input(0), axes, starts, ends));
  }
  const ValueId starts = as_operand(node, ints_operand(node, 1));
  const ValueId sizes = as_operand(node, ints_operand(node, 2));
  ValueId ends = binary(node, PointwiseFn::add, starts, sizes);
  const bool counted =
      size && std::none_of(size->begin(), size->end(), [](auto entry) { return entry == -1; });
  if (!counted) {
    const ValueId whole = binary(node, PointwiseFn::equal, sizes, node.int_scalar(-1));
    ends = node.add(op::Where{}, {whole, node.int_scalar(kEnd), ends});
  }
  return one(node.add(op::Slice{}, {node.input(0), starts, ends}));
}

std::int64_t attribute_axis(NodeContext& node, std::int64_t rank) {
  return normalize_axis(node, node.attr_int("axis", 0), rank);
}

Values pack(NodeContext& node) {
  if (node.input_count() == 0) node.fail("nothing is packed");
  const std::int64_t axis = attribute_axis(node, node.rank(0) + 1);
  Values parts;
  for (const ValueId input : node.inputs()) parts.push_back(unsqueeze(node, input, {axis}));
  return one(concat(node, std::move(parts), axis));
}

Values unpack(NodeContext& node) {
  node.require_inputs(1);
  const std::int64_t axis = attribute_axis(node, node.rank(0));
  const std::int64_t count = node.attr_int("num", 0);
  constexpr std::int64_t kMaxParts = 1 << 16;
  if (count < 0 || count > kMaxParts) node.fail(fmt::format("attribute 'num' is {}", count));
  if (count == 0) return {};
  op::Split op;
  op.axis = axis;
  op.sizes = Ints(as_index(count), 1);
  Values parts = node.add_node(std::move(op), {node.input(0)}, as_index(count));
  for (ValueId& part : parts) part = squeeze(node, part, {axis});
  return parts;
}

Values concat_at(NodeContext& node, std::size_t axis_input, std::size_t first, std::size_t count) {
  if (count == 0) node.fail("nothing is joined");
  const std::int64_t axis = normalize_axis(node, node.require_int(axis_input, "the axis"), node.rank(first));
  const auto begin = node.inputs().begin() + static_cast<std::ptrdiff_t>(first);
  Values parts(begin, begin + static_cast<std::ptrdiff_t>(count));
  Values forms;
  for (const ValueId part : parts) {
    forms.push_back(channels_first_form(node, part));
    if (!forms.back().valid()) return one(concat(node, std::move(parts), axis));
  }
  const std::int64_t moved = channels_first_axis(axis, node.rank(first));
  return one(to_channels_last(node, concat(node, std::move(forms), moved)));
}

Values concat_v1(NodeContext& node) {
  return concat_at(node, 0, 1, std::max<std::size_t>(node.input_count(), 1) - 1);
}

Values concat_v2(NodeContext& node) {
  const std::size_t count = std::max<std::size_t>(node.input_count(), 1) - 1;
  return concat_at(node, count, 0, count);
}

// The parts, in the channels-second form where the whole has one.
Values split_followed(NodeContext& node, op::Split op, ValueId x, std::size_t count) {
  const ValueId form = channels_first_form(node, x);
  if (!form.valid()) return node.add_node(std::move(op), {x}, count);
  op.axis = channels_first_axis(op.axis, node.rank_of(x));
  Values parts = node.add_node(std::move(op), {form}, count);
  for (ValueId& part : parts) part = to_channels_last(node, part);
  return parts;
}

Values split(NodeContext& node) {
  node.require_inputs(2);
  const std::int64_t count = node.attr_int("num_split", 1);
  const std::int64_t axis = normalize_axis(node, node.require_int(0, "the axis"), node.rank(1));
  constexpr std::int64_t kMaxParts = 1 << 16;
  if (count < 1 || count > kMaxParts) node.fail(fmt::format("attribute 'num_split' is {}", count));
  op::Split op;
  op.axis = axis;
  op.num_outputs = count;
  return split_followed(node, std::move(op), node.input(1), as_index(count));
}

Values split_v(NodeContext& node) {
  node.require_inputs(3);
  node.ignore_attrs({"num_split"});
  Ints sizes = node.require_ints(1, "the sizes");
  const std::int64_t axis = normalize_axis(node, node.require_int(2, "the axis"), node.rank(0));
  const auto rest = std::find(sizes.begin(), sizes.end(), -1);
  if (rest != sizes.end()) {
    const Dim dim = (*node.dims(0))[as_index(axis)];
    if (!dim.is_const()) node.fail("a part takes what is left of an axis of unknown size");
    *rest = 0;
    Dim left = dim;
    for (const std::int64_t size : sizes) left = left - Dim(size);
    *rest = left.value();
  }
  const std::size_t count = sizes.size();
  op::Split op;
  op.axis = axis;
  op.sizes = std::move(sizes);
  return split_followed(node, std::move(op), node.input(0), count);
}

// Every element of the axes in reverse order.
ValueId reversed(NodeContext& node, ValueId x, Ints axes) {
  const Ints starts(axes.size(), -1);
  const Ints ends(axes.size(), kBegin);
  const Ints steps(axes.size(), -1);
  return axes.empty() ? x : slice(node, x, std::move(axes), starts, ends, steps);
}

Values reverse_v2(NodeContext& node) {
  node.require_inputs(2);
  return one(reversed(node, node.input(0), node.require_ints(1, "the axes")));
}

Values reverse_v1(NodeContext& node) {
  node.require_inputs(2);
  const Tensor* flags = node.constant(1);
  if (flags == nullptr || flags->dtype() != DataType::boolean) node.fail("the axes must be constant");
  Ints axes;
  for (std::int64_t i = 0; i < flags->elements(); ++i) {
    if (flags->values<bool>()[as_index(i)]) axes.push_back(i);
  }
  return one(reversed(node, node.input(0), axes));
}

Values reverse_sequence(NodeContext& node) {
  node.require_inputs(2);
  const std::int64_t rank = node.rank(0);
  const std::int64_t time = normalize_axis(node, node.attr_int("seq_dim", 0), rank);
  const std::int64_t batch = normalize_axis(node, node.attr_int("batch_dim", 0), rank);
  if (time == batch) node.fail("time and batch are the same axis");
  const ValueId lengths = cast(node, node.input(1), DataType::i64);
  Ints perm = {batch, time};
  for (std::int64_t axis = 0; axis < rank; ++axis) {
    if (axis != batch && axis != time) perm.push_back(axis);
  }
  const bool in_front = batch + time == 1;
  if (in_front)
    return one(
        node.add(op::ReverseSequence{.time_axis = time, .batch_axis = batch}, {node.input(0), lengths}));
  Ints back(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i) back[as_index(perm[i])] = static_cast<std::int64_t>(i);
  const ValueId x = transpose(node, node.input(0), perm);
  const ValueId y = node.add(op::ReverseSequence{.time_axis = 1, .batch_axis = 0}, {x, lengths});
  return one(transpose(node, y, back));
}

// Elements move around: the last `shift` of an axis come first.
Values roll(NodeContext& node) {
  node.require_inputs(3);
  const Ints shifts = node.require_ints(1, "the shift");
  const Ints axes = node.require_ints(2, "the axis");
  if (shifts.size() != axes.size()) node.fail("there is not one shift for each axis");
  ValueId x = node.input(0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t axis = normalize_axis(node, axes[i], node.rank(0));
    const Dim dim = (*node.dims(0))[as_index(axis)];
    if (!dim.is_const() || dim.value() == 0) node.fail("the size of a rolled axis must be known");
    const std::int64_t shift = ((shifts[i] % dim.value()) + dim.value()) % dim.value();
    if (shift == 0) continue;
    const ValueId tail = slice(node, x, {axis}, {-shift}, {kEnd});
    const ValueId head = slice(node, x, {axis}, {0}, {-shift});
    x = concat(node, {tail, head}, axis);
  }
  return one(x);
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_slice(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("Concat", concat_v1);
  registry.add("ConcatV2", concat_v2);
  registry.add("Pack", pack);
  registry.add("Reverse", reverse_v1);
  registry.add("ReverseSequence", reverse_sequence);
  registry.add("ReverseV2", reverse_v2);
  registry.add("Roll", roll);
  registry.add("Slice", slice_node);
  registry.add("Split", split);
  registry.add("SplitV", split_v);
  registry.add("Unpack", unpack);
}

}  // namespace tenon
