// f(transpose(x)) → transpose(f(x)) for elementwise f, when a transpose further down the chain undoes the
// first one. So two transposes around elementwise operators meet and vanish.
#include "ops/binary.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

#include <algorithm>

namespace tenon::rules {
namespace {

// How far the rule looks for the transpose that cancels.
constexpr int kMaxChain = 32;

bool are_inverse(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  if (a.size() != b.size() || a.empty()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[static_cast<std::size_t>(b[i])] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

// Whether operand `index` may lose its transpose `perm`: all others are scalars or have the same transpose.
bool others_follow(const Graph& graph, const Node& node, std::size_t index,
                   const std::vector<std::int64_t>& perm) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (i == index) continue;
    const Tensor* constant = graph.constant(node.inputs[i]);
    if (constant != nullptr && constant->elements() == 1 && constant->shape().size() <= perm.size()) continue;
    const auto* transpose = producer_as<op::Transpose>(graph, node.inputs[i]);
    if (transpose == nullptr || transpose->perm != perm) return false;
  }
  return true;
}

bool cancels_below(const Graph& graph, const RuleContext& context, ValueId value,
                   const std::vector<std::int64_t>& perm) {
  for (int i = 0; i < kMaxChain; ++i) {
    const NodeId user = context.only_user(value);
    if (!user.valid()) return false;
    const Node& node = graph.node(user);
    if (const auto* transpose = node.op.as<op::Transpose>()) return are_inverse(perm, transpose->perm);
    if (!as_elementwise(node.op)) return false;
    const auto at = static_cast<std::size_t>(std::find(node.inputs.begin(), node.inputs.end(), value) -
                                             node.inputs.begin());
    if (!others_follow(graph, node, at, perm)) return false;
    value = node.outputs[0];
  }
  return false;
}

std::optional<Patch> sink_transpose(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!as_elementwise(node.op)) return std::nullopt;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto* transpose = producer_as<op::Transpose>(graph, node.inputs[i]);
    if (transpose == nullptr || transpose->perm.empty()) continue;
    if (!others_follow(graph, node, i, transpose->perm)) return std::nullopt;
    if (!cancels_below(graph, context, node.outputs[0], transpose->perm)) return std::nullopt;
    Patch patch(graph, root);
    std::vector<ValueId> inputs = node.inputs;
    for (ValueId& input : inputs) {
      if (producer_as<op::Transpose>(graph, input) != nullptr) input = producer(graph, input)->inputs[0];
    }
    const ValueId computed = patch.add(node.op, std::move(inputs));
    const ValueId transposed = patch.add(op::Transpose{transpose->perm}, {computed});
    if (!patch.can_replace(node.outputs[0], transposed)) return std::nullopt;
    patch.replace(node.outputs[0], transposed);
    patch.move_taps(true);
    return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_sink_transpose(RuleRegistry& registry) {
  registry.add({"sink_transpose",
                "canonicalize",
                "moves a transpose down through elementwise operators to one that undoes it",
                {},
                rules::sink_transpose});
}

}  // namespace tenon
