// quantize(average_pool(dequantize(x))) → quantized_average_pool(x), of windows and of whole planes.
#include "ops/quantized_average_pool.hpp"

#include "ops/average_pool.hpp"
#include "ops/global_pool.hpp"
#include "passes/rules/quantization.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> quantized_average_pool(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto y = as_quantize(graph, node);
  const Node* mean = y ? producer(graph, node.inputs[0]) : nullptr;
  if (mean == nullptr || context.only_user(node.inputs[0]) != root) return std::nullopt;
  op::QuantizedAveragePool pool;
  if (const auto* window = mean->op.as<op::AveragePool>()) {
    pool.kernel = window->kernel;
    pool.stride = window->stride;
    pool.pad = window->pad;
    pool.dilation = window->dilation;
    pool.ceil_mode = window->ceil_mode;
    pool.auto_pad = window->auto_pad;
    pool.count_include_pad = window->count_include_pad;
  } else if (!mean->op.is<op::GlobalAveragePool>()) {
    return std::nullopt;
  }
  const auto x = dequantized_from(graph, mean->inputs[0]);
  if (!x || x->dtype != y->dtype) return std::nullopt;
  pool.x_zero = x->zero;
  pool.y_zero = y->zero;
  pool.multiplier = static_cast<float>(static_cast<double>(x->scale) / static_cast<double>(y->scale));
  Patch patch(graph, root);
  patch.set_location(merged_location(*mean, node));
  const ValueId result = patch.add(pool, {x->q});
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_quantized_average_pool(RuleRegistry& registry) {
  registry.add({"quantized_average_pool",
                "quantize",
                "mean of integers",
                {"quantize_linear"},
                rules::quantized_average_pool});
}

}  // namespace tenon
