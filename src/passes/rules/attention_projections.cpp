// Queries, keys and values side by side in one operand of attention: where they are the parts of a split, and
// where they are products of one value with constant weights, which become one product.
#include "ops/attention.hpp"
#include "ops/concat.hpp"
#include "ops/matmul.hpp"
#include "ops/split.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

constexpr std::size_t kBias = 2;

// The value that a split cuts into exactly q, k and v along the columns.
ValueId split_source(const Graph& graph, const Node& attention) {
  const Node* split = producer(graph, attention.inputs[0]);
  const auto* op = split == nullptr ? nullptr : split->op.as<op::Split>();
  if (op == nullptr || (op->axis != 2 && op->axis != -1) || split->outputs.size() != 3) return {};
  for (std::size_t i = 0; i < 3; ++i) {
    if (split->outputs[i] != attention.inputs[i]) return {};
  }
  return split->inputs[0];
}

// The product behind operand `i`, when attention alone reads it.
const Node* projection(const Graph& graph, NodeId root, std::size_t i, const RuleContext& context) {
  const ValueId value = graph.node(root).inputs[i];
  const Node* node = producer(graph, value);
  const auto* matmul = node == nullptr ? nullptr : node->op.as<op::MatMul>();
  if (matmul == nullptr || matmul->transpose_a || matmul->transpose_b || !matmul->epilogue.empty() ||
      context.only_user(value) != root) {
    return nullptr;
  }
  const Tensor* weights = graph.constant(node->inputs[1]);
  const bool has_bias = node->inputs.size() > kBias && node->inputs[kBias].valid();
  if (weights == nullptr || weights->rank() != 2 ||
      (has_bias && graph.constant(node->inputs[kBias]) == nullptr))
    return nullptr;
  return node;
}

ValueId joined_product(Patch& patch, const Graph& graph, NodeId root, const RuleContext& context) {
  std::vector<ValueId> weights, biases;
  const Node* first = nullptr;
  for (std::size_t i = 0; i < 3; ++i) {
    const Node* node = projection(graph, root, i, context);
    if (node == nullptr) return {};
    if (first == nullptr) first = node;
    if (node->inputs[0] != first->inputs[0] || !(node->op == first->op) ||
        node->inputs.size() != first->inputs.size()) {
      return {};
    }
    weights.push_back(node->inputs[1]);
    if (node->inputs.size() > kBias) biases.push_back(node->inputs[kBias]);
  }
  std::vector<ValueId> inputs{first->inputs[0], patch.add(op::Concat{1}, std::move(weights))};
  if (!biases.empty()) inputs.push_back(patch.add(op::Concat{0}, std::move(biases)));
  patch.set_location(merged_location(*first, graph.node(root)));
  return patch.add(first->op, std::move(inputs));
}

std::optional<Patch> attention_projections(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto& op = *node.op.as<op::Attention>();
  const bool apart = node.inputs.size() > 2 && node.inputs[1].valid();
  if (op.heads == 0 || !apart || !context.evaluator()) return std::nullopt;
  const Dims* q = plain_dims(graph, node.inputs[0]);
  const Dims* k = plain_dims(graph, node.inputs[1]);
  const Dims* v = plain_dims(graph, node.inputs[2]);
  // Side by side there is one depth for all, and as many keys as queries.
  if (q == nullptr || k == nullptr || v == nullptr || !(*q)[2].is_const() || !(*k)[2].is_const() ||
      !provably_equal((*k)[2], (*v)[2]) || !provably_equal((*q)[1], (*k)[1])) {
    return std::nullopt;
  }
  Patch patch(graph, root);
  ValueId joined = split_source(graph, node);
  if (!joined.valid()) joined = joined_product(patch, graph, root, context);
  if (!joined.valid()) return std::nullopt;
  std::vector<ValueId> inputs{joined};
  if (node.inputs.size() > 3) {
    inputs.resize(3);
    inputs.push_back(node.inputs[3]);
  }
  const ValueId y = patch.add(op, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], y)) return std::nullopt;
  patch.replace(node.outputs[0], y);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_attention_projections(RuleRegistry& registry) {
  registry.add({"attention_projections",
                "projections",
                "one product for queries, keys and values",
                {"attention"},
                rules::attention_projections});
}

}  // namespace tenon
