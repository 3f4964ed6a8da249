// An elementwise operator behind conv, conv_transpose or matmul becomes (part of) its epilogue: activations,
// residual sums, and what follows them, as long as nothing else reads the value in between and the result
// keeps its type.
#include "ops/conv.hpp"
#include "ops/conv_transpose.hpp"
#include "ops/matmul.hpp"
#include "passes/rules/program.hpp"

#include <algorithm>

namespace tenon::rules {
namespace {

// An epilogue beyond this is better off as a pointwise node of its own.
constexpr std::size_t kMaxEpilogueCode = 8;
constexpr std::size_t kMaxEpilogueOperands = 3;
constexpr std::size_t kFirstOperand = op::Conv::kFirstEpilogueOperand;
static_assert(op::MatMul::kFirstEpilogueOperand == kFirstOperand &&
              op::ConvTranspose::kFirstEpilogueOperand == kFirstOperand);

const PointwiseProgram* epilogue_of(const Op& op) {
  if (const auto* conv = op.as<op::Conv>()) return &conv->epilogue;
  if (const auto* transposed = op.as<op::ConvTranspose>()) return &transposed->epilogue;
  if (const auto* matmul = op.as<op::MatMul>()) return &matmul->epilogue;
  return nullptr;
}

// The latest operand that comes from a node that could take the root: of two convolutions that are added, the
// second one takes the sum, when the first is done already.
ValueId fusable_operand(const Graph& graph, NodeId root, const BoundProgram& program,
                        const RuleContext& context) {
  const Node& node = graph.node(root);
  ValueId best;
  for (const ValueId input : node.inputs) {
    const Node* source = producer(graph, input);
    if (source == nullptr || epilogue_of(source->op) == nullptr || source->region != node.region) continue;
    if (context.only_user(input) != root || !keeps_dims(graph, program, input, node.outputs[0])) continue;
    const TensorType& from = graph.type(input).as_tensor();
    if (from.dtype != graph.type(node.outputs[0]).as_tensor().dtype) continue;
    if (!best.valid() || graph.before(graph.value(best).producer, graph.value(input).producer)) best = input;
  }
  return best;
}

std::optional<Patch> fuse_epilogue(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto outer = as_program(graph, node);
  if (!outer) return std::nullopt;
  const ValueId main = fusable_operand(graph, root, *outer, context);
  if (!main.valid()) return std::nullopt;
  const Node& source = *producer(graph, main);

  // Register 0 stands for the result of the operator itself.
  BoundProgram inner{{}, {main}};
  inner.program.inputs = 1;
  if (const PointwiseProgram* present = epilogue_of(source.op); !present->empty()) {
    inner.program = *present;
    for (std::size_t i = kFirstOperand; i < source.inputs.size(); ++i)
      inner.inputs.push_back(source.inputs[i]);
  }
  BoundProgram fused = compose(*outer, main, inner);
  if (fused.program.code.size() > kMaxEpilogueCode || fused.inputs.size() > 1 + kMaxEpilogueOperands)
    return std::nullopt;

  Patch patch(graph, root);
  patch.set_location(merged_location(source, node));
  std::vector<ValueId> inputs(
      source.inputs.begin(),
      source.inputs.begin() + static_cast<std::ptrdiff_t>(std::min(source.inputs.size(), kFirstOperand)));
  if (fused.inputs.size() > 1) inputs.resize(kFirstOperand);
  inputs.insert(inputs.end(), fused.inputs.begin() + 1, fused.inputs.end());
  const ValueId result =
      patch.add(source.op.with_attributes({{"epilogue", fused.program}}), std::move(inputs));
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_fuse_epilogue(RuleRegistry& registry) {
  registry.add({"fuse_epilogue",
                "fuse",
                "elementwise operators into the epilogue of the convolution or product before them",
                {},
                rules::fuse_epilogue});
}

}  // namespace tenon
