#include "importers/tensorflow/converters.hpp"

#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/concat.hpp"
#include "ops/constant_of_shape.hpp"
#include "ops/gather.hpp"
#include "ops/matmul.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/slice.hpp"
#include "ops/squeeze.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon::tensorflow {

IntsArgument ints_operand(NodeContext& node, std::size_t index) {
  IntsArgument argument;
  argument.known = node.known_ints(index);
  argument.operand = node.input(index);
  return argument;
}

ValueId as_operand(NodeContext& node, const IntsArgument& argument) {
  if (argument.known) return node.ints(*argument.known);
  const ValueId wide = cast(node, argument.operand, DataType::i64);
  const Dims* dims = node.dims_of(wide);
  return dims != nullptr && dims->empty() ? reshape(node, wide, {1}) : wide;
}

std::int64_t normalize_axis(const NodeContext& node, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank)
    node.fail(fmt::format("axis {} is outside of [{}, {})", axis, -rank, rank));
  return axis < 0 ? axis + rank : axis;
}

std::size_t as_index(std::int64_t axis) { return static_cast<std::size_t>(axis); }

ValueId scalar(NodeContext& node, DataType dtype, double value) {
  return node.graph().add_constant(scalar_tensor(dtype, value));
}

ValueId scalar_like(NodeContext& node, ValueId value, double number) {
  return scalar(node, node.dtype_of(value), number);
}

ValueId cast(NodeContext& node, ValueId value, DataType to) {
  return node.dtype_of(value) == to ? value : add_elementwise(node, op::Cast{.to = to}, {value});
}

ValueId reshape(NodeContext& node, ValueId value, const Ints& shape) {
  return node.add(op::Reshape{}, {value, node.ints(shape)});
}

ValueId transpose(NodeContext& node, ValueId value, Ints perm) {
  return node.add(op::Transpose{std::move(perm)}, {value});
}

ValueId squeeze(NodeContext& node, ValueId value, Ints axes) {
  return axes.empty() ? value : node.add(op::Squeeze{.axes = std::move(axes)}, {value});
}

ValueId unsqueeze(NodeContext& node, ValueId value, Ints axes) {
  return axes.empty() ? value : node.add(op::Unsqueeze{.axes = std::move(axes)}, {value});
}

ValueId slice(NodeContext& node, ValueId value, Ints axes, Ints starts, Ints ends, Ints steps) {
  op::Slice op;
  op.axes = std::move(axes);
  op.starts = std::move(starts);
  op.ends = std::move(ends);
  if (!steps.empty()) op.steps = std::move(steps);
  return node.add(std::move(op), {value});
}

ValueId gather(NodeContext& node, ValueId value, ValueId indices, std::int64_t axis) {
  return node.add(op::Gather{axis}, {value, indices});
}

ValueId concat(NodeContext& node, Values values, std::int64_t axis) {
  return values.size() == 1 ? values.front() : node.add(op::Concat{axis}, std::move(values));
}

ValueId shape_of(NodeContext& node, ValueId value) { return node.add(op::ShapeOf{}, {value}); }

ValueId dim_of(NodeContext& node, ValueId value, std::int64_t axis) {
  return node.add(op::ShapeOf{.start = axis, .end = axis + 1}, {value});
}

ValueId fill(NodeContext& node, ValueId shape, DataType dtype, double value) {
  return node.add(op::ConstantOfShape{.value = scalar_tensor(dtype, value).reshaped({1})}, {shape});
}

ValueId unary(NodeContext& node, PointwiseFn fn, ValueId x) {
  return add_elementwise(node, op::unary(fn), {x});
}

ValueId unary(NodeContext& node, PointwiseFn fn, ValueId x, float alpha, float beta) {
  return add_elementwise(node, op::unary(fn, alpha, beta), {x});
}

ValueId binary(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b) {
  return add_elementwise(node, op::binary(fn), {a, b});
}

ValueId matmul(NodeContext& node, ValueId a, ValueId b, bool transpose_a, bool transpose_b) {
  op::MatMul op;
  op.transpose_a = transpose_a;
  op.transpose_b = transpose_b;
  return node.add(std::move(op), {a, b});
}

ValueId make_shape(NodeContext& node, const std::vector<Extent>& entries) {
  Values parts;
  Ints run;
  const auto flush = [&] {
    if (!run.empty()) parts.push_back(node.ints(run));
    run.clear();
  };
  for (const Extent& entry : entries) {
    if (!entry.computed.valid()) {
      run.push_back(entry.known);
      continue;
    }
    flush();
    parts.push_back(entry.computed);
  }
  flush();
  if (parts.empty()) return node.ints({});
  return concat(node, std::move(parts), 0);
}

Extent extent(NodeContext& node, ValueId value, std::int64_t axis) {
  const Dims* dims = node.dims_of(value);
  if (dims != nullptr && (*dims)[as_index(axis)].is_const()) return {(*dims)[as_index(axis)].value(), {}};
  return {0, dim_of(node, value, axis)};
}

Extent multiply(NodeContext& node, const Extent& entry, std::int64_t factor) {
  if (!entry.computed.valid()) return {(Dim(entry.known) * Dim(factor)).value(), {}};
  return {0, binary(node, PointwiseFn::mul, entry.computed, node.ints({factor}))};
}

Extent divide(NodeContext& node, const Extent& entry, std::int64_t divisor) {
  if (!entry.computed.valid()) return {entry.known / divisor, {}};
  return {0, binary(node, PointwiseFn::div, entry.computed, node.ints({divisor}))};
}

bool channels_last(NodeContext& node) {
  constexpr std::size_t kLastFormats = 2;
  return node.attr_choice("data_format", {"NHWC", "NDHWC", "NCHW", "NCDHW"}, 0) < kLastFormats;
}

namespace {

Ints rotation(std::int64_t rank, bool first) {
  Ints perm(as_index(rank));
  std::iota(perm.begin(), perm.end(), std::int64_t{0});
  if (first) {
    std::rotate(perm.begin() + 1, perm.end() - 1, perm.end());
  } else {
    std::rotate(perm.begin() + 1, perm.begin() + 2, perm.end());
  }
  return perm;
}

// What the transpose by `perm` that made the value was given; invalid when no such transpose did.
ValueId undone(const NodeContext& node, ValueId value, const Ints& perm) {
  const NodeId producer = node.graph().value(value).producer;
  if (!producer.valid()) return {};
  const Node& made_by = node.graph().node(producer);
  const auto* transposed = made_by.op.as<op::Transpose>();
  return transposed != nullptr && transposed->perm == perm ? made_by.inputs[0] : ValueId{};
}

ValueId rotate(NodeContext& node, ValueId value, bool first) {
  const std::int64_t rank = node.rank_of(value);
  if (rank < 2) node.fail(fmt::format("an operand has rank {}, expected channels", rank));
  const ValueId source = undone(node, value, rotation(rank, !first));
  if (source.valid()) return source;
  return transpose(node, value, rotation(rank, first));
}

}  // namespace

ValueId to_channels_first(NodeContext& node, ValueId value) { return rotate(node, value, true); }
ValueId to_channels_last(NodeContext& node, ValueId value) { return rotate(node, value, false); }

ValueId per_channel(NodeContext& node, ValueId vector, std::int64_t rank, bool last) {
  if (last || rank < 3) return vector;
  Ints shape(as_index(rank - 1), 1);
  shape.front() = -1;
  return reshape(node, vector, shape);
}

ValueId channels_first_form(const NodeContext& node, ValueId value) {
  const Type& type = node.type_of(value);
  const bool ranked = type.is_tensor() && type.as_tensor().dims && type.as_tensor().dims->size() > 2;
  if (!ranked) return {};
  return undone(node, value, rotation(static_cast<std::int64_t>(type.as_tensor().dims->size()), false));
}

std::int64_t channels_first_axis(std::int64_t axis, std::int64_t rank) {
  if (axis == 0) return 0;
  return axis == rank - 1 ? 1 : axis + 1;
}

namespace {

// The operand of an elementwise operator of that rank, as the channels-second form wants it; invalid where
// that would move a whole tensor.
ValueId follow(NodeContext& node, ValueId operand, std::int64_t rank) {
  const Type& type = node.type_of(operand);
  if (!type.is_tensor() || !type.as_tensor().dims) return {};
  const Dims dims = *type.as_tensor().dims;
  const auto own = static_cast<std::int64_t>(dims.size());
  if (own > rank) return {};
  if (own == 0) return operand;
  const ValueId form = own == rank ? channels_first_form(node, operand) : ValueId{};
  if (form.valid()) return form;
  const bool is_constant = node.graph().constant(operand) != nullptr;
  const bool small = std::all_of(dims.begin() + (own == rank ? 1 : 0), dims.end() - 1,
                                 [](const Dim& dim) { return dim.is_const(1); });
  if (!is_constant && !small) return {};
  if (own == 1) return per_channel(node, operand, rank, false);
  Ints axes(as_index(rank - own));
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  return to_channels_first(node, unsqueeze(node, operand, axes));
}

}  // namespace

ValueId add_elementwise(NodeContext& node, Op op, Values operands) {
  const auto first = std::find_if(operands.begin(), operands.end(), [&](ValueId operand) {
    return channels_first_form(node, operand).valid();
  });
  if (first == operands.end()) return node.add(std::move(op), std::move(operands));
  const std::int64_t rank = node.rank_of(*first);
  Values followed;
  for (const ValueId operand : operands) {
    followed.push_back(follow(node, operand, rank));
    if (!followed.back().valid()) return node.add(std::move(op), std::move(operands));
  }
  return to_channels_last(node, node.add(std::move(op), std::move(followed)));
}

}  // namespace tenon::tensorflow
