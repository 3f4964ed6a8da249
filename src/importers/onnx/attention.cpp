#include "importers/onnx/attention.hpp"

#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/matmul.hpp"
#include "ops/pad.hpp"
#include "ops/range.hpp"
#include "ops/reduce.hpp"
#include "ops/reshape.hpp"
#include "ops/shape.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace tenon::onnx {
namespace {

constexpr std::size_t kHeads = 1, kRows = 2;
constexpr std::int64_t kMostIndices = 1 << 16;                  // that are worth a constant
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 31;  // so that sums and products do not overflow

DataType dtype_of(const NodeContext& node, ValueId value) { return node.type_of(value).as_tensor().dtype; }

ValueId times(NodeContext& node, ValueId value, double factor) {
  return node.add(op::binary(PointwiseFn::mul), {value, add_scalar(node, dtype_of(node, value), factor)});
}

}  // namespace

const Dims& require_dims(const NodeContext& node, ValueId value, std::size_t rank, std::string_view what) {
  const auto& dims = node.type_of(value).as_tensor().dims;
  if (!dims) node.fail(fmt::format("the rank of {} must be known", what));
  if (dims->size() != rank) node.fail(fmt::format("{} of rank {}, expected {}", what, dims->size(), rank));
  return *dims;
}

std::int64_t require_extent(const NodeContext& node, ValueId value, std::size_t axis, std::string_view what) {
  const auto& dims = node.type_of(value).as_tensor().dims;
  if (!dims || axis >= dims->size() || !(*dims)[axis].is_const())
    node.fail(fmt::format("dim {} of {} must be known", axis, what));
  if ((*dims)[axis].value() > kLargestExtent)
    node.fail(fmt::format("dim {} of {} is {}", axis, what, (*dims)[axis].value()));
  return (*dims)[axis].value();
}

ValueId heads_apart(NodeContext& node, ValueId value, std::int64_t heads) {
  const Dim& columns = require_dims(node, value, 3, "an operand")[2];
  if (heads <= 0 || heads > kLargestExtent) node.fail(fmt::format("{} heads", heads));
  if (columns.is_const() && columns.value() % heads != 0)
    node.fail(fmt::format("{} columns for {} heads", columns.value(), heads));
  const std::int64_t depth = columns.is_const() ? columns.value() / heads : -1;
  return node.add(op::Transpose{{0, 2, 1, 3}}, {reshape(node, value, {0, 0, heads, depth})});
}

ValueId heads_beside(NodeContext& node, ValueId value) {
  const Dims& dims = require_dims(node, value, 4, "an operand");
  const bool known = dims[1].is_const() && dims[3].is_const();
  const std::int64_t columns = known ? dims[1].value() * dims[3].value() : -1;
  return reshape(node, node.add(op::Transpose{{0, 2, 1, 3}}, {value}), {0, 0, columns});
}

ValueId extent(NodeContext& node, ValueId value, std::int64_t axis) {
  return node.add(op::ShapeOf{axis, axis + 1}, {value});
}

ValueId indices(NodeContext& node, ValueId value, std::int64_t axis) {
  const Dim& dim = (*node.type_of(value).as_tensor().dims)[static_cast<std::size_t>(axis)];
  if (dim.is_const() && dim.value() <= kMostIndices) {
    std::vector<float> numbers(static_cast<std::size_t>(dim.value()));
    std::iota(numbers.begin(), numbers.end(), 0.0F);
    return node.graph().add_constant(Tensor::of<float>({dim.value()}, std::span<const float>(numbers)));
  }
  const auto number = [&](double x) { return add_scalar(node, DataType::i64, x); };
  const ValueId count = reshape(node, extent(node, value, axis), {});
  return cast(node, node.add(op::Range{}, {number(0), count, number(1)}), DataType::f32);
}

ValueId mask_of(NodeContext& node, ValueId allowed, DataType dtype, double hidden) {
  return node.add(op::Where{}, {allowed, add_scalar(node, dtype, 0), add_scalar(node, dtype, hidden)});
}

ValueId add_masks(NodeContext& node, ValueId a, ValueId b) {
  if (!a.valid() || !b.valid()) return a.valid() ? a : b;
  return node.add(op::binary(PointwiseFn::add), {a, b});
}

ValueId lengthen_mask(NodeContext& node, ValueId mask, ValueId keys, std::size_t axis, double hidden) {
  const auto& dims = node.type_of(mask).as_tensor().dims;
  const auto& key_dims = node.type_of(keys).as_tensor().dims;
  if (!dims || dims->empty() || !key_dims) node.fail("the rank of the mask must be known");
  const Dim missing = (*key_dims)[axis] - dims->back();
  if (missing.is_const(0)) return mask;
  op::Pad pad;
  pad.axes = Ints{-1};
  const ValueId value = add_scalar(node, dtype_of(node, mask), hidden);
  if (missing.is_const()) {
    pad.pads = Ints{0, missing.value()};
    return node.add(pad, {mask, {}, value});
  }
  const auto last = static_cast<std::int64_t>(dims->size()) - 1;
  const ValueId count =
      node.add(op::binary(PointwiseFn::sub),
               {extent(node, keys, static_cast<std::int64_t>(axis)), extent(node, mask, last)});
  return node.add(pad, {mask, node.add(op::Concat{0}, {node.ints({0}), count}), value});
}

ValueId mask_of_sight(NodeContext& node, const Sight& sight, ValueId q, ValueId k, DataType dtype,
                      double hidden) {
  if (!sight.left && !sight.right) return {};
  ValueId position = reshape(node, indices(node, q, kRows), {-1, 1});
  if (sight.offset.valid()) position = node.add(op::binary(PointwiseFn::add), {position, sight.offset});
  const ValueId ahead = node.add(op::binary(PointwiseFn::sub), {indices(node, k, kRows), position});
  const auto bound = [&](PointwiseFn fn, std::int64_t limit) {
    const ValueId number = add_scalar(node, DataType::f32, static_cast<double>(limit));
    return mask_of(node, node.add(op::binary(fn), {ahead, number}), dtype, hidden);
  };
  ValueId mask;
  if (sight.right) mask = bound(PointwiseFn::less_equal, *sight.right);
  if (sight.left) mask = add_masks(node, mask, bound(PointwiseFn::greater_equal, -*sight.left));
  return mask;
}

ValueId mask_of_lengths(NodeContext& node, ValueId lengths, ValueId k, DataType dtype, double hidden) {
  const ValueId limit = reshape(node, cast(node, lengths, DataType::f32), {-1, 1, 1, 1});
  const ValueId allowed = node.add(op::binary(PointwiseFn::less), {indices(node, k, kRows), limit});
  return mask_of(node, allowed, dtype, hidden);
}

ValueId attention(NodeContext& node, const AttentionParts& parts) {
  op::Attention op;
  op.heads = parts.heads;
  op.kv_heads = parts.kv_heads == parts.heads ? 0 : parts.kv_heads;
  op.causal = parts.causal;
  op.blind_is_zero = true;
  ValueId q = parts.q;
  if (dtype_of(node, q) == DataType::f64) {  // whose scale a float would round
    q = times(node, q, parts.scale);
  } else {
    op.scale = static_cast<float>(parts.scale);
  }
  Values operands = {q, parts.k, parts.v};
  if (parts.mask.valid()) operands.push_back(parts.mask);
  return node.add(op, std::move(operands));
}

double attention_scale(NodeContext& node, std::int64_t depth) {
  const float given = node.attr_float("scale", 0);
  return given != 0 ? static_cast<double>(given) : 1 / std::sqrt(static_cast<double>(depth));
}

ValueId grouped_product(NodeContext& node, ValueId a, ValueId b, bool transpose_b, double alpha) {
  op::MatMul product;
  product.transpose_b = transpose_b;
  if (dtype_of(node, a) == DataType::f64 && alpha != 1) {
    a = times(node, a, alpha);
  } else {
    product.alpha = static_cast<float>(alpha);
  }
  const Dims& a_dims = require_dims(node, a, 4, "an operand of attention");
  const Dims& b_dims = require_dims(node, b, 4, "an operand of attention");
  if (provably_equal(a_dims[kHeads], b_dims[kHeads])) return node.add(product, {a, b});
  const std::int64_t heads = require_extent(node, a, kHeads, "queries");
  const std::int64_t groups = require_extent(node, b, kHeads, "keys");
  // The rows of neighbouring heads one after the other, so that they share one matrix of keys.
  const auto with_heads = [&](ValueId x, std::int64_t count, const Dim& row_count, ValueId columns_of,
                              std::int64_t columns_axis) {
    const Dim& columns = (*node.type_of(columns_of).as_tensor().dims)[static_cast<std::size_t>(columns_axis)];
    if (columns.is_const()) return reshape(node, x, {0, count, -1, columns.value()});
    if (row_count.is_const()) return reshape(node, x, {0, count, row_count.value(), -1});
    const ValueId shape =
        node.add(op::Concat{0}, {node.ints({0, count, -1}), extent(node, columns_of, columns_axis)});
    return node.add(op::Reshape{}, {x, shape});
  };
  const Dim rows = a_dims[kRows];
  const ValueId wide = node.add(product, {with_heads(a, groups, rows * Dim(heads / groups), a, 3), b});
  return with_heads(wide, heads, rows, b, transpose_b ? 2 : 3);
}

ValueId soft_cap(NodeContext& node, ValueId scores, float cap) {
  if (cap == 0) return scores;
  const ValueId inner = times(node, scores, 1 / static_cast<double>(cap));
  return times(node, node.add(op::unary(PointwiseFn::tanh), {inner}), static_cast<double>(cap));
}

ValueId clear_blind(NodeContext& node, ValueId weights, ValueId mask) {
  if (!mask.valid()) return weights;
  op::Reduce reduce;
  reduce.fn = op::ReduceFn::max;
  reduce.axes = {-1};
  const ValueId lowest = add_scalar(node, dtype_of(node, mask), -std::numeric_limits<double>::infinity());
  const ValueId blind = node.add(op::binary(PointwiseFn::equal), {node.add(reduce, {mask}), lowest});
  return node.add(op::Where{}, {blind, add_scalar(node, dtype_of(node, weights), 0), weights});
}

}  // namespace tenon::onnx
