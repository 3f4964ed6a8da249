// matmul(transpose(a), b) → matmul with transpose_a where the transpose swaps the last two axes; likewise for
// b.
#include "ops/matmul.hpp"
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

bool swaps_last_two(const std::vector<std::int64_t>& perm) {
  const auto rank = static_cast<std::int64_t>(perm.size());
  if (rank < 2) return false;
  for (std::int64_t i = 0; i < rank - 2; ++i) {
    if (perm[static_cast<std::size_t>(i)] != i) return false;
  }
  return perm[static_cast<std::size_t>(rank - 2)] == rank - 1 &&
         perm[static_cast<std::size_t>(rank - 1)] == rank - 2;
}

std::optional<Patch> transpose_into_matmul(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  op::MatMul matmul = *node.op.as<op::MatMul>();
  std::vector<ValueId> inputs = node.inputs;
  bool changed = false;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto* transpose = producer_as<op::Transpose>(graph, inputs[i]);
    if (transpose == nullptr || !swaps_last_two(transpose->perm)) continue;
    inputs[i] = producer(graph, inputs[i])->inputs[0];
    bool& flag = i == 0 ? matmul.transpose_a : matmul.transpose_b;
    flag = !flag;
    changed = true;
  }
  if (!changed) return std::nullopt;
  Patch patch(graph, root);
  const ValueId product = patch.add(matmul, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], product)) return std::nullopt;
  patch.replace(node.outputs[0], product);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_transpose_into_matmul(RuleRegistry& registry) {
  registry.add({"transpose_into_matmul",
                "canonicalize",
                "lets matmul read a transposed operand",
                {"matmul"},
                rules::transpose_into_matmul});
}

}  // namespace tenon
