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

std::optional<Patch> name_activations(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
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
                "silu, hard_swish and mish from their parts",
                {"mul"},
                rules::name_activations});
}

}  // namespace tenon
