// Reductions, ArgMax and ArgMin, TopK, cumulative sums, Einsum.
#include "ops/reduce.hpp"

#include "importers/onnx/converters.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/cumulative.hpp"
#include "ops/einsum.hpp"
#include "ops/top_k.hpp"

namespace tenon::onnx {
namespace {

// The axes are an operand since opset 18, for the sum since 13.
template <op::ReduceFn kFn>
Values reduce(NodeContext& node) {
  node.require_inputs(1, 2);
  op::Reduce op;
  op.fn = kFn;
  op.keep_dims = node.attr_bool("keepdims", true);
  op.noop_with_empty_axes = node.attr_bool("noop_with_empty_axes", false);
  IntsArgument axes = ints_argument(node, "axes", kFn == op::ReduceFn::sum ? 13 : 18, 1);
  Values operands = {node.input(0)};
  if (axes.operand.valid()) operands.push_back(axes.operand);
  if (axes.known) op.axes = std::move(*axes.known);
  return one(node.add(std::move(op), std::move(operands)));
}

template <class Op>
Values arg_extreme(NodeContext& node) {
  node.require_inputs(1, 1);
  Op op;
  op.axis = node.attr_int("axis", 0);
  op.keep_dims = node.attr_bool("keepdims", true);
  op.select_last = node.attr_bool("select_last_index", false);
  return one(node.add(op, {node.input(0)}));
}

Values top_k(NodeContext& node) {
  op::TopK op;
  op.axis = node.attr_int("axis", -1);
  op.largest = node.attr_bool("largest", true);
  op.sorted = node.attr_bool("sorted", true);
  if (node.opset() < 10) {
    node.require_inputs(1, 1);
    op.k = node.attr_int("k");
    return node.add_node(op, {node.input(0)});
  }
  node.require_inputs(2, 2);
  const IntsArgument k = ints_operand(node, 1);
  Values operands = {node.input(0)};
  if (k.known) {
    if (k.known->size() != 1) node.fail("k must be one number");
    op.k = k.known->front();
  } else {
    operands.push_back(k.operand);
  }
  return node.add_node(op, std::move(operands));
}

template <class Op>
Values cumulative(NodeContext& node) {
  node.require_inputs(2, 2);
  Op op;
  op.exclusive = node.attr_bool("exclusive", false);
  op.reverse = node.attr_bool("reverse", false);
  return one(node.add(op, {node.input(0), node.input(1)}));
}

Values einsum(NodeContext& node) {
  node.require_inputs(node.input_count(), node.input_count());
  return one(node.add(op::Einsum{node.attr_string("equation", "")}, node.inputs()));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_reduce(onnx::Registry& registry) {
  using Fn = op::ReduceFn;
  registry.add("ArgMax", onnx::arg_extreme<op::ArgMax>);
  registry.add("ArgMin", onnx::arg_extreme<op::ArgMin>);
  registry.add("CumProd", onnx::cumulative<op::CumProd>, {26});
  registry.add("CumSum", onnx::cumulative<op::CumSum>, {11});
  registry.add("Einsum", onnx::einsum, {12});
  registry.add("ReduceL1", onnx::reduce<Fn::l1>);
  registry.add("ReduceL2", onnx::reduce<Fn::l2>);
  registry.add("ReduceLogSum", onnx::reduce<Fn::log_sum>);
  registry.add("ReduceLogSumExp", onnx::reduce<Fn::log_sum_exp>);
  registry.add("ReduceMax", onnx::reduce<Fn::max>);
  registry.add("ReduceMean", onnx::reduce<Fn::mean>);
  registry.add("ReduceMin", onnx::reduce<Fn::min>);
  registry.add("ReduceProd", onnx::reduce<Fn::prod>);
  registry.add("ReduceSum", onnx::reduce<Fn::sum>);
  registry.add("ReduceSumSquare", onnx::reduce<Fn::sum_square>);
  registry.add("TopK", onnx::top_k);
}

}  // namespace tenon
