// conv(x, dequantize_linear(constant)) → weight_only_conv(x, constant); likewise conv_transpose and matmul.
#include "ops/dequantize_linear.hpp"
#include "ops/weight_only.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

// The constants behind the weights when they are integers of at most 8 bits that become f32.
const Node* stored_weights(const Graph& graph, const Node& node) {
  const Node* source = node.inputs.size() > 1 ? producer(graph, node.inputs[1]) : nullptr;
  if (source == nullptr || !source->op.is<op::DequantizeLinear>()) return nullptr;
  for (const ValueId input : source->inputs) {
    if (input.valid() && graph.constant(input) == nullptr) return nullptr;
  }
  const DataType stored = graph.constant(source->inputs[0])->dtype();
  const bool small = is_integer(stored) && bit_width(stored) <= 8;
  const bool floats = graph.type(node.inputs[1]).as_tensor().dtype == DataType::f32 &&
                      graph.constant(source->inputs[1])->dtype() == DataType::f32;
  return small && floats ? source : nullptr;
}

template <class Base>
std::optional<Patch> keep_stored(const Graph& graph, NodeId root, const Base& op) {
  const Node& node = graph.node(root);
  const Node* source = stored_weights(graph, node);
  if (source == nullptr) return std::nullopt;
  using Whole = op::WeightOnly<Base>;
  Whole whole;
  static_cast<Base&>(whole) = op;
  whole.axis = source->op.as<op::DequantizeLinear>()->axis;
  whole.block_size = source->op.as<op::DequantizeLinear>()->block_size;
  std::vector<ValueId> inputs = {node.inputs[0], source->inputs[0],
                                 node.inputs.size() > 2 ? node.inputs[2] : ValueId(), source->inputs[1]};
  const bool zero = source->inputs.size() > 2 && source->inputs[2].valid();
  if (zero || node.inputs.size() > Base::kFirstEpilogueOperand)
    inputs.push_back(zero ? source->inputs[2] : ValueId());
  for (std::size_t i = Base::kFirstEpilogueOperand; i < node.inputs.size(); ++i)
    inputs.push_back(node.inputs[i]);
  Patch patch(graph, root);
  const ValueId result = patch.add(std::move(whole), std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> keep_weights_stored(const Graph& graph, NodeId root, const RuleContext&) {
  const Op& op = graph.node(root).op;
  if (const auto* conv = op.as<op::Conv>()) return keep_stored(graph, root, *conv);
  if (const auto* transposed = op.as<op::ConvTranspose>()) return keep_stored(graph, root, *transposed);
  return keep_stored(graph, root, *op.as<op::MatMul>());
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_keep_weights_stored(RuleRegistry& registry) {
  registry.add({"keep_weights_stored",
                "weights",
                "convolutions and products of dequantized constants take the integers",
                {"conv", "conv_transpose", "matmul"},
                rules::keep_weights_stored});
}

}  // namespace tenon
