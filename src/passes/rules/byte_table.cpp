// quantize(f(dequantize(q))) → byte_table(q) for every elementwise f of one operand, several in a row, or
// none: 256 bytes say what comes out, exactly.
#include "ops/byte_table.hpp"

#include "ops/pointwise.hpp"
#include "passes/rules/quantization.hpp"

#include <tenon/error.hpp>

#include <algorithm>
#include <numeric>

namespace tenon::rules {
namespace {

constexpr int kMaxChain = 16;

// The operand that is not a constant, of a node that computes each element from one of it.
std::optional<std::size_t> varying_operand(const Graph& graph, const Node& node) {
  if (!as_elementwise(node.op) && !node.op.is<op::Pointwise>()) return std::nullopt;
  std::optional<std::size_t> varying;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* constant = graph.constant(node.inputs[i]);
    if (constant != nullptr && constant->elements() == 1) continue;
    if (constant != nullptr || varying) return std::nullopt;
    varying = i;
  }
  return varying;
}

Tensor every_byte(DataType dtype) {
  Tensor bytes(dtype, {op::ByteTable::kSize});
  auto* first = reinterpret_cast<std::uint8_t*>(bytes.mutable_data());
  std::iota(first, first + op::ByteTable::kSize, std::uint8_t{0});
  return bytes;
}

// The node over `x` in place of its operand.
Tensor evaluated(const Graph& graph, const Node& node, std::size_t operand, Tensor x,
                 const OpEvaluator& evaluator) {
  std::vector<Data> inputs;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const Tensor* constant = node.inputs[i].valid() ? graph.constant(node.inputs[i]) : nullptr;
    if (i == operand) {
      inputs.emplace_back(x);
    } else if (constant != nullptr) {
      inputs.emplace_back(*constant);
    } else {
      inputs.emplace_back();
    }
  }
  return evaluator(node.op, inputs, 1).at(0).tensor().reshaped({op::ByteTable::kSize});
}

std::optional<Patch> byte_table(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!context.evaluator() || !as_quantize(graph, node)) return std::nullopt;
  std::vector<std::pair<const Node*, std::size_t>> chain{{&node, 0}};
  ValueId x = node.inputs[0];
  std::optional<Affine> from;
  while (!(from = dequantized_from(graph, x))) {
    const Node* source = producer(graph, x);
    const auto varying = source != nullptr ? varying_operand(graph, *source) : std::nullopt;
    if (!varying || chain.size() > kMaxChain) return std::nullopt;
    chain.emplace_back(source, *varying);
    x = source->inputs[*varying];
  }
  chain.emplace_back(producer(graph, x), 0);
  Tensor table = every_byte(from->dtype);
  try {
    for (auto step = chain.rbegin(); step != chain.rend(); ++step)
      table = evaluated(graph, *step->first, step->second, std::move(table), context.evaluator());
  } catch (const ModelError&) {
    return std::nullopt;
  }
  Patch patch(graph, root);
  patch.set_location(chain.size() > 2 ? merged_location(*chain[1].first, node) : node.location);
  const ValueId result = patch.add(op::ByteTable{}, {from->q, patch.add_constant(std::move(table))});
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  patch.move_taps(true);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_byte_table(RuleRegistry& registry) {
  registry.add({"byte_table",
                "quantize",
                "functions of one quantized number as a table",
                {"quantize_linear"},
                rules::byte_table});
}

}  // namespace tenon
