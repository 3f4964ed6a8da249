// Losses: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss, made of simpler operators.
#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/gather.hpp"
#include "ops/gather_elements.hpp"
#include "ops/reduce.hpp"
#include "ops/softmax.hpp"
#include "ops/squeeze.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"
#include "ops/where.hpp"

namespace tenon::onnx {
namespace {

enum class Reduction : std::size_t { none, sum, mean };

ValueId sum_all(NodeContext& node, ValueId value, op::ReduceFn fn) {
  op::Reduce reduce;
  reduce.fn = fn;
  reduce.keep_dims = false;
  return node.add(std::move(reduce), {value});
}

// log_probabilities [N, C, …]; target (operand 1) [N, …]; weight (operand 2, may be absent) [C].
ValueId log_likelihood_loss(NodeContext& node, ValueId log_probabilities) {
  const auto reduction = static_cast<Reduction>(node.attr_choice("reduction", {"none", "sum", "mean"}, 2));
  const auto ignored = node.find_int("ignore_index");
  const DataType dtype = node.type_of(log_probabilities).as_tensor().dtype;
  ValueId target = node.input(1);
  ValueId counts;  // bool: the samples that are not ignored
  if (ignored) {
    const ValueId label = add_scalar(node, node.dtype(1), static_cast<double>(*ignored));
    counts = node.add(op::unary(PointwiseFn::logical_not),
                      {node.add(op::binary(PointwiseFn::equal), {target, label})});
    target = node.add(op::Where{}, {counts, target, add_scalar(node, node.dtype(1), 0)});
  }
  const ValueId index = node.add(op::Unsqueeze{Ints{1}}, {target});
  const ValueId picked = node.add(op::GatherElements{1}, {log_probabilities, index});
  ValueId loss = node.add(op::unary(PointwiseFn::neg), {node.add(op::Squeeze{Ints{1}}, {picked})});
  ValueId weight;
  if (node.has(2)) {
    weight = node.add(op::Gather{0}, {node.input(2), target});
    loss = node.add(op::binary(PointwiseFn::mul), {loss, weight});
  }
  if (ignored) {
    const ValueId zero = add_scalar(node, dtype, 0);
    loss = node.add(op::Where{}, {counts, loss, zero});
    weight = weight.valid() ? node.add(op::Where{}, {counts, weight, zero}) : cast(node, counts, dtype);
  }
  if (reduction == Reduction::none) return loss;
  if (reduction == Reduction::sum) return sum_all(node, loss, op::ReduceFn::sum);
  if (!weight.valid()) return sum_all(node, loss, op::ReduceFn::mean);
  return node.add(op::binary(PointwiseFn::div),
                  {sum_all(node, loss, op::ReduceFn::sum), sum_all(node, weight, op::ReduceFn::sum)});
}

Values negative_log_likelihood(NodeContext& node) {
  node.require_inputs(2, 3);
  return one(log_likelihood_loss(node, node.input(0)));
}

Values softmax_cross_entropy(NodeContext& node) {
  node.require_inputs(2, 3);
  const ValueId log_probabilities = node.add(op::LogSoftmax{1}, {node.input(0)});
  return {log_likelihood_loss(node, log_probabilities), log_probabilities};
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_loss(onnx::Registry& registry) {
  registry.add("NegativeLogLikelihoodLoss", onnx::negative_log_likelihood, {12});
  registry.add("SoftmaxCrossEntropyLoss", onnx::softmax_cross_entropy, {12});
}

}  // namespace tenon
