// quantize(move(x)) → move(quantize(x)) for operators that only move elements or choose among them, when
// nothing else reads move(x): rounding keeps the order, so the largest element stays the largest.
#include "ops/concat.hpp"
#include "ops/quantize_linear.hpp"
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> lift_quantize(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& quantize = graph.node(root);
  const auto affine = as_quantize(graph, quantize);
  const Node* moving = affine ? producer(graph, quantize.inputs[0]) : nullptr;
  if (moving == nullptr || moving->outputs.size() != 1 || !moves_elements(graph, *moving))
    return std::nullopt;
  if (context.only_user(quantize.inputs[0]) != root) return std::nullopt;
  const bool joins = moving->op.is<op::Concat>();
  const NodeId mover = graph.value(quantize.inputs[0]).producer;
  if (!joins && context.only_user(moving->inputs[0]) != mover) return std::nullopt;

  Patch patch(graph, root);
  std::vector<ValueId> integers;
  const std::size_t data = joins ? moving->inputs.size() : 1;
  for (std::size_t i = 0; i < data; ++i) {
    std::vector<ValueId> operands = quantize.inputs;
    operands[0] = moving->inputs[i];
    integers.push_back(patch.add(quantize.op, std::move(operands)));
  }
  patch.set_location(merged_location(*moving, quantize));
  const ValueId result = add_moved(patch, *moving, std::move(integers), *affine).front();
  if (!patch.can_replace(quantize.outputs[0], result)) return std::nullopt;
  patch.replace(quantize.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_lift_quantize(RuleRegistry& registry) {
  registry.add({"lift_quantize",
                "move_quantization",
                "quantizes before operators that only move elements",
                {"quantize_linear"},
                rules::lift_quantize});
}

}  // namespace tenon
