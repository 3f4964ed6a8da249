// MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN, SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION,
// LOCAL_RESPONSE_NORMALIZATION, TOPK_V2.
#include "ops/reduce.hpp"

#include "importers/tflite/node_context.hpp"
#include "importers/tflite/reader.hpp"
#include "ops/arg_extreme.hpp"
#include "ops/binary.hpp"
#include "ops/lp_norm.hpp"
#include "ops/lrn.hpp"
#include "ops/softmax.hpp"
#include "ops/top_k.hpp"

#include <fmt/format.h>

#include <set>

namespace tenon::tflite {
namespace {

template <op::ReduceFn fn>
std::vector<Placed> reduce(NodeContext& node) {
  op::Reduce op;
  op.fn = fn;
  op.keep_dims = node.options().scalar<std::uint8_t>(0, 0) != 0;
  std::set<std::int64_t> in_file;
  std::set<std::int64_t> in_graph;
  for (const std::int64_t axis : node.require_ints(1, "the axes")) {
    in_file.insert(node.file_axis(0, axis));
    in_graph.insert(node.graph_axis(0, axis));
  }
  if (in_file.empty()) return {node.placed(0)};
  const Placed operand = node.placed(0);
  if (op.keep_dims || in_order_without(node.graph(), operand, in_graph)) {
    const bool moved = op.keep_dims && operand.moved;
    op.axes.assign(in_graph.begin(), in_graph.end());
    return one(node.add(std::move(op), {operand.id}), moved);
  }
  op.axes.assign(in_file.begin(), in_file.end());
  return one(node.add(std::move(op), {node.in_file_order(0)}));
}

template <class Op>
std::vector<Placed> arg_extreme(NodeContext& node) {
  const Ints axis = node.require_ints(1, "the axis");
  if (axis.size() != 1) node.fail("expected one axis");
  Op op;
  op.axis = node.file_axis(0, axis[0]);
  op.keep_dims = false;
  return one(node.cast(node.add(op, {node.in_file_order(0)}), data_type(node.output_def(0).type)));
}

// Along the last axis.
std::vector<Placed> softmax(NodeContext& node) {
  const float beta = node.options().scalar<float>(0, 0);
  Placed x = node.placed(0);
  if (beta != 1) {
    const ValueId factor = node.graph().add_constant(Tensor::of<float>({}, std::span(&beta, 1)));
    x.id = node.add(op::binary(PointwiseFn::mul), {x.id, factor});
  }
  return one(node.add(op::Softmax{node.graph_axis(0, -1)}, {x.id}), x.moved);
}

std::vector<Placed> log_softmax(NodeContext& node) {
  return one(node.add(op::LogSoftmax{node.graph_axis(0, -1)}, {node.placed(0).id}), node.placed(0).moved);
}

std::vector<Placed> l2_normalization(NodeContext& node) {
  op::LpNorm op;
  op.axis = node.graph_axis(0, -1);
  return one(node.activate(node.add(op, {node.placed(0).id}), 0), node.placed(0).moved);
}

std::vector<Placed> local_response_normalization(NodeContext& node) {
  enum : std::size_t { radius, bias, alpha, beta };
  const auto reach = node.options().scalar<std::int32_t>(radius, 0);
  if (reach < 0 || reach > (1 << 20)) node.fail(fmt::format("the radius is {}", reach));
  op::Lrn op;
  op.size = 2 * static_cast<std::int64_t>(reach) + 1;
  op.alpha = node.options().scalar<float>(alpha, 0) * static_cast<float>(op.size);
  op.beta = node.options().scalar<float>(beta, 0);
  op.bias = node.options().scalar<float>(bias, 0);
  return one(node.add(op, {node.image(0)}), true);
}

std::vector<Placed> top_k(NodeContext& node) {
  const Ints k = node.require_ints(1, "the number of elements");
  if (k.size() != 1) node.fail("expected one number of elements");
  op::TopK op;
  op.k = k[0];
  const auto results = node.graph().add_node(op, {node.in_file_order(0)}, 2);
  return {Placed{results[0]}, Placed{node.cast(results[1], DataType::i32)}};
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_reduce(tflite::Registry& registry) {
  using op::ReduceFn;
  registry.add(11, "L2_NORMALIZATION", tflite::l2_normalization);
  registry.add(13, "LOCAL_RESPONSE_NORMALIZATION", tflite::local_response_normalization);
  registry.add(25, "SOFTMAX", tflite::softmax);
  registry.add(40, "MEAN", tflite::reduce<ReduceFn::mean>);
  registry.add(48, "TOPK_V2", tflite::top_k);
  registry.add(50, "LOG_SOFTMAX", tflite::log_softmax);
  registry.add(56, "ARG_MAX", tflite::arg_extreme<op::ArgMax>);
  registry.add(74, "SUM", tflite::reduce<ReduceFn::sum>);
  registry.add(79, "ARG_MIN", tflite::arg_extreme<op::ArgMin>);
  registry.add(81, "REDUCE_PROD", tflite::reduce<ReduceFn::prod>);
  registry.add(82, "REDUCE_MAX", tflite::reduce<ReduceFn::max>);
  registry.add(89, "REDUCE_MIN", tflite::reduce<ReduceFn::min>);
}

}  // namespace tenon
