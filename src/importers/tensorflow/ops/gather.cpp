// Elements by index: taken, put, found.
#include "importers/tensorflow/converters.hpp"
#include "ops/gather_nd.hpp"
#include "ops/non_zero.hpp"
#include "ops/one_hot.hpp"
#include "ops/scatter_nd.hpp"
#include "ops/top_k.hpp"
#include "ops/unique.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tenon::tensorflow {
namespace {

ValueId index_operand(NodeContext& node, std::size_t i) {
  const DataType dtype = node.dtype(i);
  return dtype == DataType::i32 ? node.input(i) : cast(node, node.input(i), DataType::i64);
}

Values gather_v1(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"validate_indices"});
  return one(gather(node, node.input(0), index_operand(node, 1), 0));
}

// With batch_dims the leading axes of data and indices run together.
Values gather_v2(NodeContext& node) {
  node.require_inputs(3);
  const std::int64_t rank = node.rank(0);
  const std::int64_t axis = normalize_axis(node, node.require_int(2, "the axis"), rank);
  std::int64_t batch = node.attr_int("batch_dims", 0);
  if (batch == 0) return one(gather(node, node.input(0), index_operand(node, 1), axis));
  const std::int64_t index_rank = node.rank(1);
  if (batch < 0) batch += index_rank;
  if (batch < 0 || batch > axis || batch > index_rank)
    node.fail(fmt::format("attribute 'batch_dims' is {} for axis {}", batch, axis));
  // gather_nd wants the axis right behind the batch, and brings the axes of the indices there.
  Ints perm(as_index(rank));
  std::iota(perm.begin(), perm.end(), std::int64_t{0});
  std::rotate(perm.begin() + batch, perm.begin() + axis, perm.begin() + axis + 1);
  const ValueId data = axis == batch ? node.input(0) : transpose(node, node.input(0), perm);
  const ValueId indices = unsqueeze(node, cast(node, node.input(1), DataType::i64), {index_rank});
  const ValueId taken = node.add(op::GatherNd{batch}, {data, indices});
  if (axis == batch) return one(taken);
  // [batch…, indices…, before axis…, behind axis…] → [batch…, before axis…, indices…, behind axis…].
  Ints back(as_index(rank + index_rank - batch - 1));
  std::iota(back.begin(), back.end(), std::int64_t{0});
  std::rotate(back.begin() + batch, back.begin() + index_rank, back.begin() + index_rank + (axis - batch));
  return one(transpose(node, taken, back));
}

Values gather_nd(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"bad_indices_policy"});
  return one(node.add(op::GatherNd{}, {node.input(0), cast(node, node.input(1), DataType::i64)}));
}

Values scatter_nd(NodeContext& node) {
  node.require_inputs(3);
  node.ignore_attrs({"bad_indices_policy"});
  const ValueId zeros = fill(node, as_operand(node, ints_operand(node, 2)), node.dtype(1), 0);
  return one(node.add(op::ScatterNd{op::ScatterReduction::add},
                      {zeros, cast(node, node.input(0), DataType::i64), node.input(1)}));
}

template <op::ScatterReduction kReduction, bool kNegative = false>
Values tensor_scatter(NodeContext& node) {
  node.require_inputs(3);
  node.ignore_attrs({"bad_indices_policy"});
  const ValueId updates = kNegative ? unary(node, PointwiseFn::neg, node.input(2)) : node.input(2);
  return one(node.add(op::ScatterNd{kReduction},
                      {node.input(0), cast(node, node.input(1), DataType::i64), updates}));
}

Values one_hot(NodeContext& node) {
  node.require_inputs(4);
  // Indices below 0 name no position, whereas the operator counts them from the end.
  const ValueId indices = cast(node, node.input(0), DataType::i64);
  const ValueId depth = cast(node, node.input(1), DataType::i64);
  const ValueId below = binary(node, PointwiseFn::less, indices, node.int_scalar(0));
  const ValueId safe = node.add(op::Where{}, {below, depth, indices});
  const ValueId values =
      concat(node, {unsqueeze(node, node.input(3), {0}), unsqueeze(node, node.input(2), {0})}, 0);
  return one(node.add(op::OneHot{node.attr_int("axis", -1)}, {safe, depth, values}));
}

Values where_node(NodeContext& node) {
  node.require_inputs(1);
  return one(transpose(node, node.add(op::NonZero{}, {node.input(0)}), {1, 0}));
}

Values unique(NodeContext& node) {
  node.require_inputs(1, 2);
  op::Unique op;
  op.sorted = false;
  if (node.input_count() == 2) {
    const Ints axes = node.require_ints(1, "the axis");
    if (axes.size() > 1) node.fail("several axes are given");
    if (!axes.empty()) op.axis = axes.front();
  }
  const DataType dtype = node.attr_dtype("out_idx", DataType::i32);
  const Values outputs = node.add_node(op, {node.input(0)}, 4);
  return {outputs[0], cast(node, outputs[2], dtype), cast(node, outputs[3], dtype)};
}

// The position of each number: the order in which the elements would be sorted.
Values invert_permutation(NodeContext& node) {
  node.require_inputs(1);
  const DataType dtype = node.dtype(0);
  if (const auto known = node.known_ints(0)) {
    Ints inverse(known->size());
    for (std::size_t i = 0; i < known->size(); ++i) {
      const std::int64_t at = (*known)[i];
      if (at < 0 || at >= static_cast<std::int64_t>(known->size()))
        node.fail("the operand is no permutation");
      inverse[as_index(at)] = static_cast<std::int64_t>(i);
    }
    return one(cast(node, node.ints(inverse), dtype));
  }
  op::TopK op;
  op.axis = 0;
  op.largest = false;
  return one(cast(node, node.add_node(op, {node.input(0), dim_of(node, node.input(0), 0)}, 2)[1], dtype));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_gather(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  using op::ScatterReduction;
  registry.add("Gather", gather_v1);
  registry.add("GatherNd", gather_nd);
  registry.add("GatherV2", gather_v2);
  registry.add("InvertPermutation", invert_permutation);
  registry.add("OneHot", one_hot);
  registry.add("ScatterNd", scatter_nd);
  registry.add("TensorScatterAdd", tensor_scatter<ScatterReduction::add>);
  registry.add("TensorScatterMax", tensor_scatter<ScatterReduction::max>);
  registry.add("TensorScatterMin", tensor_scatter<ScatterReduction::min>);
  registry.add("TensorScatterSub", tensor_scatter<ScatterReduction::add, true>);
  registry.add("TensorScatterUpdate", tensor_scatter<ScatterReduction::none>);
  registry.add("Unique", unique, {"y", "idx"});
  registry.add("UniqueV2", unique, {"y", "idx"});
  registry.add("UniqueWithCounts", unique, {"y", "idx", "count"});
  registry.add("UniqueWithCountsV2", unique, {"y", "idx", "count"});
  registry.add("Where", where_node);
}

}  // namespace tenon
