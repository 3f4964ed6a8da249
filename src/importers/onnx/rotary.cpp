#include "importers/onnx/rotary.hpp"

#include "importers/onnx/attention.hpp"
#include "ops/binary.hpp"
#include "ops/concat.hpp"
#include "ops/split.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

namespace tenon::onnx {
namespace {

ValueId pairwise(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b) {
  return node.add(op::binary(fn), {a, b});
}

}  // namespace

ValueId rotate(NodeContext& node, const Rotary& rotary, ValueId x, bool rows_first, ValueId cos,
               ValueId sin) {
  const std::int64_t depth = require_extent(node, x, 3, "the rotated operand");
  const std::int64_t dim = rotary.dim == 0 ? depth : rotary.dim;
  if (dim < 0 || dim > depth || dim % 2 != 0)
    node.fail(fmt::format("{} of {} columns cannot be rotated", dim, depth));
  const Ints heads_axis = {rows_first ? 2 : 1};
  Ints axes = heads_axis;
  if (rotary.interleaved) axes.push_back(4);
  for (ValueId* table : {&cos, &sin}) {
    const Dim& columns = require_dims(node, *table, 3, "a table of cosines or sines")[2];
    if (columns.is_const() && columns.value() != dim / 2)
      node.fail(fmt::format("{} cosines or sines for {} columns", columns.value(), dim));
    *table = node.add(op::Unsqueeze{axes}, {*table});
  }

  ValueId rest;
  if (dim != depth) {
    const Values parts = node.add_node(op::Split{3, Ints{dim, depth - dim}, std::nullopt}, {x}, 2);
    x = parts[0];
    rest = parts[1];
  }
  if (rotary.interleaved) x = reshape(node, x, {0, 0, 0, dim / 2, 2});
  const std::int64_t axis = rotary.interleaved ? 4 : 3;
  const Values halves = node.add_node(op::Split{axis, std::nullopt, std::nullopt}, {x}, 2);
  const ValueId real = pairwise(node, PointwiseFn::sub, pairwise(node, PointwiseFn::mul, halves[0], cos),
                                pairwise(node, PointwiseFn::mul, halves[1], sin));
  const ValueId imaginary = pairwise(node, PointwiseFn::add, pairwise(node, PointwiseFn::mul, halves[1], cos),
                                     pairwise(node, PointwiseFn::mul, halves[0], sin));
  ValueId y = node.add(op::Concat{axis}, {real, imaginary});
  if (rotary.interleaved) y = reshape(node, y, {0, 0, 0, dim});
  return rest.valid() ? node.add(op::Concat{3}, {y, rest}) : y;
}

}  // namespace tenon::onnx
