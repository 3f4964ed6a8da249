// Reductions, and what orders or accumulates along an axis.
#include "ops/reduce.hpp"

#include "importers/tensorflow/converters.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/cumulative.hpp"
#include "ops/top_k.hpp"

#include <optional>

namespace tenon::tensorflow {
namespace {

ValueId reduced(NodeContext& node, op::ReduceFn fn, ValueId x) {
  node.require_inputs(2);
  op::Reduce op;
  op.fn = fn;
  op.keep_dims = node.attr_bool("keep_dims", false);
  op.noop_with_empty_axes = true;
  const IntsArgument axes = ints_operand(node, 1);
  if (!axes.known) return node.add(op, {x, as_operand(node, axes)});
  if (axes.known->empty()) return x;
  op.axes = *axes.known;
  const ValueId form = channels_first_form(node, x);
  if (!form.valid()) return node.add(op, {x});
  // What is left of the axes has to come out in the order of the channels-last form.
  const std::int64_t rank = node.rank_of(x);
  bool reduces_channels = false;
  std::size_t spatial = 0;
  for (std::int64_t& axis : op.axes) {
    const std::int64_t source = normalize_axis(node, axis, rank);
    reduces_channels = reduces_channels || source == rank - 1;
    spatial += source > 0 && source < rank - 1 ? 1 : 0;
    axis = channels_first_axis(source, rank);
  }
  if (op.keep_dims) return to_channels_last(node, node.add(op, {form}));
  if (reduces_channels || spatial == as_index(rank) - 2) return node.add(op, {form});
  op.axes = *axes.known;
  return node.add(op, {x});
}

template <op::ReduceFn kFn>
Values reduce(NodeContext& node) {
  return one(reduced(node, kFn, node.input(0)));
}

template <class Op>
Values arg_extreme(NodeContext& node) {
  node.require_inputs(2);
  Op op;
  op.axis = node.require_int(1, "the axis");
  op.keep_dims = false;
  return one(cast(node, node.add(op, {node.input(0)}), node.attr_dtype("output_type", DataType::i64)));
}

template <class Op>
Values cumulative(NodeContext& node) {
  node.require_inputs(2);
  Op op;
  op.exclusive = node.attr_bool("exclusive", false);
  op.reverse = node.attr_bool("reverse", false);
  return one(node.add(op, {node.input(0), node.input(1)}));
}

Values sorted(NodeContext& node, std::optional<std::int64_t> k) {
  op::TopK op;
  op.axis = -1;
  op.sorted = node.attr_bool("sorted", true);
  op.k = k;
  Values operands = {node.input(0)};
  if (!k) operands.push_back(as_operand(node, ints_operand(node, 1)));
  Values outputs = node.add_node(op, operands, 2);
  outputs[1] = cast(node, outputs[1], node.attr_dtype("index_type", DataType::i32));
  return outputs;
}

Values top_k(NodeContext& node) {
  node.require_inputs(1);
  return sorted(node, node.attr_int("k", 1));
}

Values top_k_v2(NodeContext& node) {
  node.require_inputs(2);
  const auto k = node.known_ints(1);
  return sorted(node, k && k->size() == 1 ? std::optional(k->front()) : std::nullopt);
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_reduce(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  using op::ReduceFn;
  registry.add("All", reduce<ReduceFn::min>);  // of truth values
  registry.add("Any", reduce<ReduceFn::max>);
  registry.add("EuclideanNorm", reduce<ReduceFn::l2>);
  registry.add("Max", reduce<ReduceFn::max>);
  registry.add("Mean", reduce<ReduceFn::mean>);
  registry.add("Min", reduce<ReduceFn::min>);
  registry.add("Prod", reduce<ReduceFn::prod>);
  registry.add("Sum", reduce<ReduceFn::sum>);
  registry.add("ArgMax", arg_extreme<op::ArgMax>);
  registry.add("ArgMin", arg_extreme<op::ArgMin>);
  registry.add("Cumprod", cumulative<op::CumProd>);
  registry.add("Cumsum", cumulative<op::CumSum>);
  registry.add("TopK", top_k, {"values", "indices"});
  registry.add("TopKV2", top_k_v2, {"values", "indices"});
}

}  // namespace tenon
