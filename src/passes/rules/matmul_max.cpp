// reduce_max over the rows of a product with a constant matrix → matmul_max, where nothing else reads the
// product.
#include "ops/matmul_max.hpp"

#include "ops/matmul.hpp"
#include "ops/reduce.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> matmul_max(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto& reduce = *node.op.as<op::Reduce>();
  const Node* source = producer(graph, node.inputs[0]);
  const auto* matmul = source == nullptr ? nullptr : source->op.as<op::MatMul>();
  if (matmul == nullptr || context.only_user(node.inputs[0]) != root) return std::nullopt;
  const Dims* a = plain_dims(graph, source->inputs[0]);
  const Tensor* b = graph.constant(source->inputs[1]);
  if (a == nullptr || a->size() < 2 || b == nullptr || b->rank() != 2) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(a->size());
  const bool rows = reduce.axes.size() == 1 && (reduce.axes[0] == -2 || reduce.axes[0] == rank - 2);
  if (!rows || matmul->transpose_a || matmul->transpose_b || matmul->alpha != 1 ||
      matmul->epilogue.inputs > 1) {
    return std::nullopt;
  }
  Patch patch(graph, root);
  patch.set_location(merged_location(*source, node));
  const ValueId y = patch.add(op::MatMulMax{reduce.keep_dims, matmul->epilogue}, source->inputs);
  if (!patch.can_replace(node.outputs[0], y)) return std::nullopt;
  patch.replace(node.outputs[0], y);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_matmul_max(RuleRegistry& registry) {
  registry.add({"matmul_max",
                "fuse",
                "a product of which only the largest element of each column is kept",
                {"reduce_max"},
                rules::matmul_max});
}

}  // namespace tenon
