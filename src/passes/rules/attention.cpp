// softmax(q · kᵀ · scale + mask) · v → attention: two products with a softmax between them, where nothing
// else reads what lies in between. Operands [B, H, S, D], or [B, S, D] as one head.
#include "ops/attention.hpp"

#include "ops/matmul.hpp"
#include "ops/softmax.hpp"
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

#include <utility>

namespace tenon::rules {
namespace {

// The plain product of two values of one rank, 3 or 4.
const op::MatMul* plain_product(const Graph& graph, const Node& node) {
  const auto* matmul = node.op.as<op::MatMul>();
  if (matmul == nullptr || matmul->transpose_a || !matmul->epilogue.empty() || node.inputs.size() > 2)
    return nullptr;
  const Dims* a = plain_dims(graph, node.inputs[0]);
  const Dims* b = plain_dims(graph, node.inputs[1]);
  const bool fits =
      a != nullptr && b != nullptr && a->size() == b->size() && (a->size() == 3 || a->size() == 4);
  return fits ? matmul : nullptr;
}

struct Scores {
  const Node* product = nullptr;
  float scale = 1;
  ValueId mask;
};

// What the softmax is taken of: a product, scaled by numbers, and then a mask on it.
std::optional<Scores> match_scores(const Graph& graph, ValueId value, NodeId user,
                                   const RuleContext& context) {
  Scores scores;
  while (true) {
    const Node* node = producer(graph, value);
    if (node == nullptr || context.only_user(value) != user) return std::nullopt;
    user = graph.value(value).producer;
    if (const auto* product = plain_product(graph, *node)) {
      scores.product = node;
      scores.scale *= product->alpha;
      return scores;
    }
    const auto fn = as_elementwise(node->op);
    if (!fn || node->inputs.size() != 2) return std::nullopt;
    if (graph.type(value).as_tensor().dtype == DataType::f64) return std::nullopt;  // the scale is a float
    const auto number = splat(graph, node->inputs[1]);
    if (number && (fn->fn == PointwiseFn::mul || fn->fn == PointwiseFn::div)) {
      if (!keeps_dims(graph, node->inputs[0], node->inputs[1], node->outputs[0])) return std::nullopt;
      scores.scale *= static_cast<float>(fn->fn == PointwiseFn::mul ? *number : 1 / *number);
      value = node->inputs[0];
    } else if (fn->fn == PointwiseFn::add && !scores.mask.valid() && scores.scale == 1) {
      // The operand that has all the dims is the one that goes back to the product.
      const std::size_t main = same_dims(graph, node->inputs[0], node->outputs[0]) ? 0 : 1;
      scores.mask = node->inputs[1 - main];
      value = node->inputs[main];
      if (!same_dims(graph, value, node->outputs[0])) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
}

// Whether each dim is 1 or that of the scores [B, H, S, T].
bool mask_fits(const Graph& graph, ValueId mask, const Dims& scores) {
  const Dims* dims = plain_dims(graph, mask);
  if (dims == nullptr || dims->size() > scores.size()) return false;
  // One head has no axis of its own in rank 3, so that a batch of masks would not line up.
  if (scores.size() == 3 && dims->size() == 3 && !(*dims)[0].is_const(1)) return false;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const Dim& dim = (*dims)[dims->size() - 1 - i];
    if (!dim.is_const(1) && !provably_equal(dim, scores[scores.size() - 1 - i])) return false;
  }
  return true;
}

bool same_leading(const Dims& a, const Dims& b) {
  return std::equal(a.begin(), a.end() - 2, b.begin(), b.end() - 2, provably_equal);
}

// Keys as [.., T, D], when the product takes them so or finds them transposed.
ValueId keys_of(Patch& patch, const Graph& graph, const Node& product) {
  if (product.op.as<op::MatMul>()->transpose_b) return product.inputs[1];
  const auto* transpose = producer_as<op::Transpose>(graph, product.inputs[1]);
  if (transpose == nullptr || transpose->perm.empty()) return {};
  std::vector<std::int64_t> perm = transpose->perm;
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return patch.add(op::Transpose{std::move(perm)}, {producer(graph, product.inputs[1])->inputs[0]});
}

std::optional<Patch> attention(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const op::MatMul* with_values = plain_product(graph, node);
  if (with_values == nullptr || with_values->transpose_b || with_values->alpha != 1) return std::nullopt;
  const Node* softmax = producer(graph, node.inputs[0]);
  const auto* softmax_op = producer_as<op::Softmax>(graph, node.inputs[0]);
  if (softmax_op == nullptr || context.only_user(node.inputs[0]) != root) return std::nullopt;
  const Dims* scores_dims = plain_dims(graph, softmax->inputs[0]);
  const auto rank = static_cast<std::int64_t>(plain_dims(graph, node.inputs[1])->size());
  if (scores_dims == nullptr || (softmax_op->axis != -1 && softmax_op->axis != rank - 1)) return std::nullopt;
  const auto scores = match_scores(graph, softmax->inputs[0], graph.value(node.inputs[0]).producer, context);
  if (!scores) return std::nullopt;
  const Dims& q_dims = *plain_dims(graph, scores->product->inputs[0]);
  if (!same_leading(q_dims, *plain_dims(graph, scores->product->inputs[1])) ||
      !same_leading(q_dims, *plain_dims(graph, node.inputs[1])) ||
      (scores->mask.valid() && !mask_fits(graph, scores->mask, *scores_dims))) {
    return std::nullopt;
  }

  Patch patch(graph, root);
  patch.set_location(merged_location(*scores->product, node));
  const ValueId keys = keys_of(patch, graph, *scores->product);
  if (!keys.valid()) return std::nullopt;
  op::Attention op;
  op.heads = rank == 3 ? 1 : 0;
  op.scale = scores->scale;
  std::vector<ValueId> inputs{scores->product->inputs[0], keys, node.inputs[1]};
  if (scores->mask.valid()) inputs.push_back(scores->mask);
  const ValueId y = patch.add(op, std::move(inputs));
  if (!patch.can_replace(node.outputs[0], y)) return std::nullopt;
  patch.replace(node.outputs[0], y);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_attention(RuleRegistry& registry) {
  registry.add({"attention",
                "attention",
                "attention from its two products and the softmax between them",
                {"matmul"},
                rules::attention});
}

}  // namespace tenon
