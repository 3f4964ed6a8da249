// Elementwise operators; QUANTIZE and DEQUANTIZE, which are the identity on real numbers; CAST.
#include "importers/tflite/node_context.hpp"
#include "importers/tflite/reader.hpp"
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

#include <fmt/format.h>

namespace tenon::tflite {
namespace {

std::vector<Placed> unary_of(NodeContext& node, const op::Unary& op) {
  return one(node.add(op, {node.placed(0).id}), node.placed(0).moved);
}

template <PointwiseFn fn>
std::vector<Placed> unary(NodeContext& node) {
  return unary_of(node, op::unary(fn));
}

template <int low, int high>
std::vector<Placed> clipped(NodeContext& node) {
  return unary_of(node, op::unary(PointwiseFn::clip, low, high));
}

std::vector<Placed> leaky_relu(NodeContext& node) {
  return unary_of(node, op::unary(PointwiseFn::leaky_relu, node.options().scalar<float>(0, 0), 0));
}

std::vector<Placed> gelu(NodeContext& node) {
  const bool approximate = node.options().scalar<std::uint8_t>(0, 0) != 0;
  return unary_of(node, op::unary(approximate ? PointwiseFn::gelu_tanh : PointwiseFn::gelu));
}

std::vector<Placed> rsqrt(NodeContext& node) {
  const std::vector<Placed> root = unary<PointwiseFn::sqrt>(node);
  return one(node.add(op::unary(PointwiseFn::reciprocal), {root[0].id}), root[0].moved);
}

template <PointwiseFn fn>
std::vector<Placed> binary(NodeContext& node) {
  const auto pair = node.pair();
  return one(node.add(op::binary(fn), {pair.a, pair.b}), pair.moved);
}

// With a fused activation in field 0 of the options.
template <PointwiseFn fn>
std::vector<Placed> arithmetic(NodeContext& node) {
  const auto pair = node.pair();
  return one(node.activate(node.add(op::binary(fn), {pair.a, pair.b}), 0), pair.moved);
}

std::vector<Placed> not_equal(NodeContext& node) {
  const std::vector<Placed> same = binary<PointwiseFn::equal>(node);
  return one(node.add(op::unary(PointwiseFn::logical_not), {same[0].id}), same[0].moved);
}

std::vector<Placed> squared_difference(NodeContext& node) {
  const std::vector<Placed> difference = binary<PointwiseFn::sub>(node);
  return one(node.add(op::unary(PointwiseFn::square), {difference[0].id}), difference[0].moved);
}

std::vector<Placed> floor_div(NodeContext& node) {
  const std::vector<Placed> quotient = binary<PointwiseFn::div>(node);
  if (node.graph().type(quotient[0].id).as_tensor().dtype != DataType::f32)
    node.fail("is supported for floats only");
  return one(node.add(op::unary(PointwiseFn::floor), {quotient[0].id}), quotient[0].moved);
}

std::vector<Placed> add_n(NodeContext& node) {
  ValueId sum = node.in_file_order(0);
  for (std::size_t i = 1; i < node.input_count(); ++i)
    sum = node.add(op::binary(PointwiseFn::add), {sum, node.in_file_order(i)});
  return one(sum);
}

std::vector<Placed> select(NodeContext& node) {
  return one(node.add(op::Where{}, {node.in_file_order(0), node.in_file_order(1), node.in_file_order(2)}));
}

std::vector<Placed> identity(NodeContext& node) { return {node.placed(0)}; }

std::vector<Placed> cast(NodeContext& node) {
  return one(node.cast(node.placed(0).id, data_type(node.output_def(0).type)), node.placed(0).moved);
}

}  // namespace
}  // namespace tenon::tflite

namespace tenon {

void register_tflite_pointwise(tflite::Registry& registry) {
  using tflite::arithmetic;
  using tflite::binary;
  using tflite::unary;
  registry.add(0, "ADD", arithmetic<PointwiseFn::add>);
  registry.add(6, "DEQUANTIZE", tflite::identity);
  registry.add(8, "FLOOR", unary<PointwiseFn::floor>);
  registry.add(14, "LOGISTIC", unary<PointwiseFn::sigmoid>);
  registry.add(18, "MUL", arithmetic<PointwiseFn::mul>);
  registry.add(19, "RELU", unary<PointwiseFn::relu>);
  registry.add(20, "RELU_N1_TO_1", tflite::clipped<-1, 1>);
  registry.add(21, "RELU6", tflite::clipped<0, 6>);
  registry.add(28, "TANH", unary<PointwiseFn::tanh>);
  registry.add(41, "SUB", arithmetic<PointwiseFn::sub>);
  registry.add(42, "DIV", arithmetic<PointwiseFn::div>);
  registry.add(47, "EXP", unary<PointwiseFn::exp>);
  registry.add(53, "CAST", tflite::cast);
  registry.add(54, "PRELU", binary<PointwiseFn::prelu>);
  registry.add(55, "MAXIMUM", binary<PointwiseFn::max>);
  registry.add(57, "MINIMUM", binary<PointwiseFn::min>);
  registry.add(58, "LESS", binary<PointwiseFn::less>);
  registry.add(59, "NEG", unary<PointwiseFn::neg>);
  registry.add(61, "GREATER", binary<PointwiseFn::greater>);
  registry.add(62, "GREATER_EQUAL", binary<PointwiseFn::greater_equal>);
  registry.add(63, "LESS_EQUAL", binary<PointwiseFn::less_equal>);
  registry.add(64, "SELECT", tflite::select);
  registry.add(66, "SIN", unary<PointwiseFn::sin>);
  registry.add(71, "EQUAL", binary<PointwiseFn::equal>);
  registry.add(72, "NOT_EQUAL", tflite::not_equal);
  registry.add(73, "LOG", unary<PointwiseFn::log>);
  registry.add(75, "SQRT", unary<PointwiseFn::sqrt>);
  registry.add(76, "RSQRT", tflite::rsqrt);
  registry.add(78, "POW", binary<PointwiseFn::pow>);
  registry.add(84, "LOGICAL_OR", binary<PointwiseFn::logical_or>);
  registry.add(86, "LOGICAL_AND", binary<PointwiseFn::logical_and>);
  registry.add(87, "LOGICAL_NOT", unary<PointwiseFn::logical_not>);
  registry.add(90, "FLOOR_DIV", tflite::floor_div);
  registry.add(92, "SQUARE", unary<PointwiseFn::square>);
  registry.add(98, "LEAKY_RELU", tflite::leaky_relu);
  registry.add(99, "SQUARED_DIFFERENCE", tflite::squared_difference);
  registry.add(101, "ABS", unary<PointwiseFn::abs>);
  registry.add(104, "CEIL", unary<PointwiseFn::ceil>);
  registry.add(106, "ADD_N", tflite::add_n);
  registry.add(108, "COS", unary<PointwiseFn::cos>);
  registry.add(111, "ELU", unary<PointwiseFn::elu>);
  registry.add(114, "QUANTIZE", tflite::identity);
  registry.add(116, "ROUND", unary<PointwiseFn::round>);
  registry.add(117, "HARD_SWISH", unary<PointwiseFn::hard_swish>);
  registry.add(123, "SELECT_V2", tflite::select);
  registry.add(150, "GELU", tflite::gelu);
}

}  // namespace tenon
