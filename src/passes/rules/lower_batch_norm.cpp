// batch_norm with constant statistics → x · s + t with s = scale / sqrt(var + epsilon), t = bias - mean · s.
// Beside a convolution absorb_scale and absorb_offset take both parts; elsewhere they are one pointwise
// group.
#include "ops/batch_norm.hpp"
#include "ops/binary.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"
#include "passes/rules/match.hpp"

namespace tenon::rules {
namespace {

std::optional<Patch> lower_batch_norm(const Graph& graph, NodeId root, const RuleContext& context) {
  const Node& node = graph.node(root);
  const auto& norm = *node.op.as<op::BatchNorm>();
  // In front of a transpose that brought the channels to axis 1: it is then free to meet one that undoes it.
  ValueId x = node.inputs[0];
  std::size_t channels = 1;
  const auto* transpose = producer_as<op::Transpose>(graph, x);
  if (transpose != nullptr && (transpose->perm.empty() || context.only_user(x) != root)) transpose = nullptr;
  if (transpose != nullptr) {
    channels = static_cast<std::size_t>(transpose->perm[1]);
    x = producer(graph, x)->inputs[0];
  }
  const Dims* dims = plain_dims(graph, x);
  if (dims == nullptr || !context.evaluator()) return std::nullopt;
  const DataType dtype = graph.type(x).as_tensor().dtype;
  for (std::size_t i = 1; i < 5; ++i) {
    const Tensor* constant = graph.constant(node.inputs[i]);
    if (constant == nullptr || constant->dtype() != dtype) return std::nullopt;
  }
  const ValueId scale = node.inputs[1];
  const ValueId bias = node.inputs[2];
  const ValueId mean = node.inputs[3];
  const ValueId variance = node.inputs[4];

  Patch patch(graph, root);
  const auto binary = [&](PointwiseFn fn, ValueId a, ValueId b) { return patch.add(op::binary(fn), {a, b}); };
  const ValueId shifted = binary(PointwiseFn::add, variance, add_scalar(patch, dtype, norm.epsilon));
  const ValueId s = binary(PointwiseFn::div, scale, patch.add(op::unary(PointwiseFn::sqrt), {shifted}));
  const ValueId t = binary(PointwiseFn::sub, bias, binary(PointwiseFn::mul, mean, s));
  // [C] → [C, 1, …], which broadcasts along the channels.
  Shape shape(dims->size() - channels, 1);
  shape[0] = graph.constant(scale)->elements();
  const ValueId scaled = binary(PointwiseFn::mul, x, add_reshape(patch, s, shape));
  ValueId result = binary(PointwiseFn::add, scaled, add_reshape(patch, t, shape));
  if (transpose != nullptr) result = patch.add(*transpose, {result});
  if (!patch.can_replace(node.outputs[0], result)) return std::nullopt;
  patch.replace(node.outputs[0], result);
  return patch;
}

}  // namespace
}  // namespace tenon::rules

namespace tenon {

void register_rule_lower_batch_norm(RuleRegistry& registry) {
  registry.add({"lower_batch_norm",
                "absorb",
                "batch_norm as a scale and an offset",
                {"batch_norm"},
                rules::lower_batch_norm});
}

}  // namespace tenon
