// attention over operands whose heads a transpose made an axis → attention with heads side by side: it reads
// and writes them through strides, and the transposes around it vanish.
#include "ops/attention.hpp"
#include "ops/transpose.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

const std::vector<std::int64_t> kSwapHeads = {0, 2, 1, 3};

// The operand as [B, S, heads · D].
ValueId side_by_side(Patch& patch, const Graph& graph, ValueId operand) {
  const auto* transpose = producer_as<op::Transpose>(graph, operand);
  if (transpose == nullptr || transpose->perm != kSwapHeads) return {};
  const ValueId source = producer(graph, operand)->inputs[0];
  const Dims* dims = plain_dims(graph, source);
  if (dims == nullptr || !(*dims)[2].is_const() || !(*dims)[3].is_const()) return {};
  return add_reshape(patch, source, {0, 0, (*dims)[2].value() * (*dims)[3].value()});
}

std::optional<Patch> attention_heads(const Graph& graph, NodeId root, const RuleContext&) {
  const Node& node = graph.node(root);
  op::Attention op = *node.op.as<op::Attention>();
  if (op.heads != 0) return std::nullopt;
  const Dims* q = plain_dims(graph, node.inputs[0]);
  const Dims* k = plain_dims(graph, node.inputs[1]);
  const Dims* v = plain_dims(graph, node.inputs[2]);
  if (q == nullptr || k == nullptr || v == nullptr || !(*q)[1].is_const() || !(*k)[1].is_const() ||
      !(*v)[3].is_const() || (*q)[1].is_const(0)) {
    return std::nullopt;
  }
  Patch patch(graph, root);
  std::vector<ValueId> inputs = node.inputs;
  for (std::size_t i = 0; i < 3; ++i) {
    inputs[i] = side_by_side(patch, graph, inputs[i]);
    if (!inputs[i].valid()) return std::nullopt;
  }
  op.heads = (*q)[1].value();
  op.kv_heads = (*k)[1].is_const(op.heads) ? 0 : (*k)[1].value();
  const ValueId y = patch.add(op, std::move(inputs));
  const ValueId apart =
      patch.add(op::Transpose{kSwapHeads}, {add_reshape(patch, y, {0, 0, op.heads, (*v)[3].value()})});
  if (!patch.can_replace(node.outputs[0], apart)) return std::nullopt;
  patch.replace(node.outputs[0], apart);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_attention_heads(RuleRegistry& registry) {
  registry.add({"attention_heads",
                "attention",
                "lets attention read heads side by side instead of transposed",
                {"attention"},
                rules::attention_heads});
}

}  // namespace tenon
