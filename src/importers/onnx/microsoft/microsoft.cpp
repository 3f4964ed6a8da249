#include "importers/onnx/microsoft/microsoft.hpp"

#include "ops/binary.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/transpose.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <array>

namespace tenon::onnx {
namespace {

struct ActivationForm {
  std::string_view name;
  PointwiseFn fn;
  std::size_t parameters;
};

constexpr std::array<ActivationForm, 9> kActivationForms = {{
    {"Clip", PointwiseFn::clip, 2},
    {"Elu", PointwiseFn::elu, 1},
    {"HardSigmoid", PointwiseFn::hard_sigmoid, 2},
    {"HardSwish", PointwiseFn::hard_swish, 0},
    {"LeakyRelu", PointwiseFn::leaky_relu, 1},
    {"Relu", PointwiseFn::relu, 0},
    {"Sigmoid", PointwiseFn::sigmoid, 0},
    {"Tanh", PointwiseFn::tanh, 0},
    {"ThresholdedRelu", PointwiseFn::thresholded_relu, 1},
}};

}  // namespace

ValueId combine(NodeContext& node, PointwiseFn fn, ValueId a, ValueId b) {
  return node.add(op::binary(fn), {a, b});
}

ValueId apply_fn(NodeContext& node, PointwiseFn fn, ValueId x, float alpha, float beta) {
  return node.add(op::unary(fn, alpha, beta), {x});
}

ValueId permute(NodeContext& node, ValueId x, Ints perm) {
  return node.add(op::Transpose{std::move(perm)}, {x});
}

ValueId channels_first(NodeContext& node, ValueId x) {
  const auto& dims = node.type_of(x).as_tensor().dims;
  if (!dims || dims->size() < 3)
    node.fail("an operand with the channels last wants a known rank, 3 at least");
  Ints perm = {0, static_cast<std::int64_t>(dims->size()) - 1};
  for (std::int64_t i = 1; i + 1 < static_cast<std::int64_t>(dims->size()); ++i) perm.push_back(i);
  return permute(node, x, std::move(perm));
}

ValueId channels_last(NodeContext& node, ValueId x) {
  Ints perm = {0};
  for (std::int64_t i = 2; i < static_cast<std::int64_t>(node.type_of(x).as_tensor().dims->size()); ++i)
    perm.push_back(i);
  perm.push_back(1);
  return permute(node, x, std::move(perm));
}

ValueId as_scalar(NodeContext& node, ValueId value) {
  const auto& dims = node.type_of(value).as_tensor().dims;
  return dims && dims->size() == 1 && dims->front().is_const(1) ? reshape(node, value, {}) : value;
}

ValueId dequantized(NodeContext& node, std::size_t x) {
  op::DequantizeLinear op;
  op.axis = 0;
  Values operands = {node.input(x), as_scalar(node, node.input(x + 1))};
  if (node.has(x + 2)) operands.push_back(as_scalar(node, node.input(x + 2)));
  return node.add(op, std::move(operands));
}

ValueId quantized(NodeContext& node, ValueId value, std::size_t scale, DataType to) {
  op::QuantizeLinear op;
  op.axis = 0;
  Values operands = {value, as_scalar(node, node.input(scale))};
  if (node.has(scale + 1)) {
    operands.push_back(as_scalar(node, node.input(scale + 1)));
  } else {
    op.output_dtype = to;
  }
  return node.add(op, std::move(operands));
}

ValueId activated(NodeContext& node, ValueId value, const std::vector<float>& parameters) {
  const std::string name = node.attr_string("activation", "");
  if (name.empty()) return value;
  for (const ActivationForm& form : kActivationForms) {
    if (form.name != name) continue;
    op::Unary op = op::unary(form.fn);
    if (form.parameters > 0 && !parameters.empty()) op.alpha = parameters[0];
    if (form.parameters > 1 && parameters.size() > 1) op.beta = parameters[1];
    return node.add(op, {value});
  }
  node.fail(fmt::format("there is no activation '{}'", name));
}

}  // namespace tenon::onnx
