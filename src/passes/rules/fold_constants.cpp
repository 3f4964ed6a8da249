// A node whose operands are all constants is computed now, unless its results are much larger than its
// operands (constants made by expand and the like stay the small recipe that they are). Dequantized constants
// stay quantized, unless they are parameters of a normalization, a few a channel; fold_dequantized folds
// those of 32 bits when all that reads them as integers is through.
#include "ir/constant.hpp"
#include "passes/rules/match.hpp"

#include <tenon/error.hpp>

#include <algorithm>

namespace tenon::rules {
namespace {

constexpr std::size_t kAlwaysFoldedBytes = std::size_t{1} << 20;
constexpr std::size_t kGrowth = 4;

// Bytes of the results when the types tell.
std::optional<std::size_t> result_bytes(const Graph& graph, const Node& node) {
  std::size_t bytes = 0;
  for (const ValueId output : node.outputs) {
    const Type& type = graph.type(output);
    if (!type.is_tensor()) return std::nullopt;
    if (!type.as_tensor().is_static()) continue;
    std::vector<std::int64_t> dims;
    for (const Dim& dim : *type.as_tensor().dims) dims.push_back(dim.value());
    bytes += static_cast<std::size_t>(storage_bytes(type.as_tensor(), dims));
  }
  return bytes;
}

bool stays_quantized(const Graph& graph, const Node& node) {
  if (node.op.name() != "dequantize_linear") return false;
  const auto& uses = graph.value(node.outputs[0]).uses;
  return uses.empty() || !std::all_of(uses.begin(), uses.end(), [&](const Use& use) {
           return !use.is_result() && graph.node(use.node).op.name().ends_with("_norm");
         });
}

std::optional<Patch> fold(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  if (!context.evaluator() || !node.op.traits().deterministic || node.op.traits().has_regions)
    return std::nullopt;
  if (node.inputs.empty()) return std::nullopt;
  const std::optional<std::vector<Data>> operands = constant_operands(graph, node);
  if (!operands) return std::nullopt;
  std::size_t operand_bytes = 0;
  for (const ValueId input : node.inputs) {
    if (input.valid()) operand_bytes += graph.constant(input)->size_bytes();
  }
  const auto bytes = result_bytes(graph, node);
  const std::size_t limit = std::max(kAlwaysFoldedBytes, kGrowth * operand_bytes);
  if (!bytes || *bytes > limit) return std::nullopt;

  std::vector<Data> results;
  try {
    results = context.evaluator()(node.op, *operands, node.outputs.size());
  } catch (const ModelError&) {
    return std::nullopt;  // it fails when it runs, if it ever runs
  }
  Patch patch(graph, root);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (i >= results.size() || !results[i].is_tensor()) return std::nullopt;
    if (graph.value(node.outputs[i]).uses.empty() && !graph.is_tapped(node.outputs[i])) continue;
    const ValueId constant = patch.add_constant(results[i].tensor());
    if (!patch.can_replace(node.outputs[i], constant)) return std::nullopt;
    patch.replace(node.outputs[i], constant);
  }
  patch.move_taps(true);
  return patch;
}

std::optional<Patch> fold_constants(const Graph& graph, NodeId root, const RuleContext& context) {
  return stays_quantized(graph, graph.node(root)) ? std::nullopt : fold(graph, root, context);
}

// Floats are no larger than integers of 32 bits: biases that no operator of integers took.
std::optional<Patch> fold_dequantized(const Graph& graph, NodeId root, const RuleContext& context) {
  const Tensor* integers = graph.constant(graph.node(root).inputs[0]);
  if (integers == nullptr || integers->dtype() != DataType::i32) return std::nullopt;
  return fold(graph, root, context);
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_fold_constants(RuleRegistry& registry) {
  registry.add({"fold_constants", "fold", "computes nodes of constant operands", {}, rules::fold_constants});
  registry.add({"fold_dequantized",
                "weights",
                "computes floats of constants of 32 bits",
                {"dequantize_linear"},
                rules::fold_dequantized});
}

}  // namespace tenon
