// x · sigmoid(x) → silu(x), x · hard_sigmoid(x) → hard_swish(x), x · tanh(softplus(x)) → mish(x): activations
// that frameworks export in parts. Named, they fit into an epilogue although the parts read x twice.
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

#include <cmath>
#include <utility>

namespace tenon::rules {
namespace {

// The activation g with g(x) = x · gate, when the gate is computed from x so.
std::optional<op::Unary> gated_activation(const Graph& graph, ValueId x, ValueId gate) {
  const Node* node = producer(graph, gate);
  const auto* unary = node == nullptr ? nullptr : node->op.as<op::Unary>();
  if (unary == nullptr) return std::nullopt;
  const ValueId inner = node->inputs[0];
  switch (unary->fn) {
    case PointwiseFn::sigmoid:
      if (inner == x) return op::unary(PointwiseFn::silu);
      break;
    case PointwiseFn::hard_sigmoid:
      // The slope is 1/6 as a float, or what an exporter rounded it to.
      if (inner == x && std::fabs(unary->alpha - 1.0F / 6) < 1e-6F && unary->beta == 0.5F) {
        return op::unary(PointwiseFn::hard_swish);
      }
      break;
    case PointwiseFn::tanh: {
      const Node* softplus = producer(graph, inner);
      if (softplus != nullptr && is_elementwise(softplus->op, PointwiseFn::softplus) &&
          softplus->inputs[0] == x) {
        return op::unary(PointwiseFn::mish);
      }
      break;
    }
    default: break;
  }
  return std::nullopt;
}

// Whether the value is clip(x + 3, 0, 6).
bool is_shifted_clip(const Graph& graph, ValueId value, ValueId x) {
  const Node* clip = producer(graph, value);
  const auto* unary = clip == nullptr ? nullptr : clip->op.as<op::Unary>();
  if (unary == nullptr || unary->fn != PointwiseFn::clip || unary->alpha != 0 || unary->beta != 6)
    return false;
  const Node* shifted = producer(graph, clip->inputs[0]);
  if (shifted == nullptr || !is_elementwise(shifted->op, PointwiseFn::add)) return false;
  return shifted->inputs[0] == x && splat(graph, shifted->inputs[1]) == 3.0;
}

// The x of clip(x + 3, 0, 6), when the value looks like it.
ValueId clipped_operand(const Graph& graph, ValueId value) {
  const Node* clip = producer(graph, value);
  const Node* shifted =
      clip != nullptr && clip->inputs.size() == 1 ? producer(graph, clip->inputs[0]) : nullptr;
  return shifted != nullptr && shifted->inputs.size() == 2 ? shifted->inputs[0] : ValueId{};
}

bool divides_by_six(const Graph& graph, const Node& node) {
  const auto factor = splat(graph, node.inputs[1]);
  if (!factor) return false;
  if (is_elementwise(node.op, PointwiseFn::div)) return *factor == 6;
  return is_elementwise(node.op, PointwiseFn::mul) && std::fabs(*factor - 1.0 / 6) < 1e-7;
}

// The activation of x that a division by six completes.
std::optional<std::pair<op::Unary, ValueId>> divided_activation(const Graph& graph, ValueId value) {
  if (const ValueId x = clipped_operand(graph, value); x.valid() && is_shifted_clip(graph, value, x)) {
    return std::pair(op::unary(PointwiseFn::hard_sigmoid, 1.0F / 6, 0.5F), x);
  }
  const Node* product = producer(graph, value);
  if (product == nullptr || !is_elementwise(product->op, PointwiseFn::mul)) return std::nullopt;
  for (const std::size_t i : {0, 1}) {
    const ValueId x = product->inputs[i];
    if (is_shifted_clip(graph, product->inputs[1 - i], x))
      return std::pair(op::unary(PointwiseFn::hard_swish), x);
  }
  return std::nullopt;
}

std::optional<Patch> name_divided(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!divides_by_six(graph, node) || context.only_user(node.inputs[0]) != root) return std::nullopt;
  const auto activation = divided_activation(graph, node.inputs[0]);
  if (!activation) return std::nullopt;
  Patch patch(graph, root);
  const ValueId named = patch.add(activation->first, {activation->second});
  if (!patch.can_replace(node.outputs[0], named)) return std::nullopt;
  patch.replace(node.outputs[0], named);
  return patch;
}

std::optional<Patch> name_activations(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (auto patch = name_divided(graph, root, context)) return patch;
  if (!is_elementwise(node.op, PointwiseFn::mul)) return std::nullopt;
  for (const auto& [x, gate] :
       {std::pair(node.inputs[0], node.inputs[1]), std::pair(node.inputs[1], node.inputs[0])}) {
    const auto activation = gated_activation(graph, x, gate);
    if (!activation || context.only_user(gate) != root) continue;
    Patch patch(graph, root);
    const ValueId named = patch.add(*activation, {x});
    if (!patch.can_replace(node.outputs[0], named)) continue;
    patch.replace(node.outputs[0], named);
    return patch;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_name_activations(RuleRegistry& registry) {
  registry.add({"name_activations",
                "canonicalize",
                "silu, hard_swish, hard_sigmoid and mish from their parts",
                {"mul", "div"},
                rules::name_activations});
}

}  // namespace tenon
