// Reduce, ArgMax and ArgMin.
#include "ops/reduce.hpp"

#include "importers/uff/node_context.hpp"
#include "ops/arg_extreme.hpp"

#include <fmt/format.h>

#include <array>

namespace tenon::uff {
namespace {

Placed reduce(NodeContext& node) {
  node.require_inputs(1, 1);
  static constexpr std::array kFunctions = {op::ReduceFn::sum, op::ReduceFn::prod, op::ReduceFn::max,
                                            op::ReduceFn::min, op::ReduceFn::mean};
  op::Reduce op;
  op.fn = kFunctions[node.field_choice("func", {"sum", "prod", "max", "min", "mean"})];
  const auto keep = node.find_data("keepdims");
  if (keep && keep->kind != Data::Kind::boolean)
    node.fail(fmt::format("field 'keepdims' is {}, expected a boolean", kind_name(keep->kind)));
  op.keep_dims = keep && keep->number != 0;
  const auto axes = node.find_ints("axes");
  if (!axes) node.fail("field 'axes' is missing");
  if (axes->empty()) return node.placed(0);

  const Placed operand = node.placed(0);
  std::set<std::int64_t> in_file;
  std::set<std::int64_t> in_graph;
  for (const std::int64_t axis : *axes) {
    in_file.insert(node.file_axis(0, axis));
    in_graph.insert(node.graph_axis(0, axis));
  }
  if (op.keep_dims || in_order_without(node.graph(), operand, in_graph)) {
    op.axes.assign(in_graph.begin(), in_graph.end());
    const bool kept = op.keep_dims;
    const ValueId reduced = node.add(std::move(op), {operand.id});
    return kept ? Placed{reduced, operand.moved, operand.channels} : Placed{reduced};
  }
  op.axes.assign(in_file.begin(), in_file.end());
  return {node.add(std::move(op), {node.in_file_order(0)})};
}

// TensorRT's indices are i32. The axis is gone afterwards, as in TensorFlow.
template <class Op>
Placed arg_extreme(NodeContext& node) {
  node.require_inputs(1, 1);
  Op op;
  op.axis = node.file_axis(0, node.field_int("axis"));
  op.keep_dims = false;
  return {node.cast(node.add(op, {node.in_file_order(0)}), DataType::i32)};
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_reduce(uff::Registry& registry) {
  registry.add("ArgMax", uff::arg_extreme<op::ArgMax>);
  registry.add("ArgMin", uff::arg_extreme<op::ArgMin>);
  registry.add("Reduce", uff::reduce);
}

}  // namespace tenon
