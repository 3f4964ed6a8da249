// Unary, Binary, Activation, LeakyRelu. They follow an operand's order of axes.
#include "importers/uff/elementwise.hpp"

#include "base/text.hpp"
#include "importers/uff/node_context.hpp"
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <numeric>

namespace tenon::uff {

Placed add_unary(NodeContext& node, const op::Unary& op) {
  Placed result = node.placed(0);
  result.id = node.add(op, {result.id});
  return result;
}

namespace {

constexpr std::size_t kBoth = 2;

// Operand `i` beside a moved one of that rank.
ValueId beside_moved(NodeContext& node, std::size_t i, std::size_t rank) {
  const std::size_t own = node.dims(i).size();
  if (own == rank) return node.with_last_axis_second(i);
  ValueId value = node.in_file_order(i);
  if (own == 0) return value;
  Ints axes(rank - own);
  std::iota(axes.begin(), axes.end(), 0);
  op::Unsqueeze op;
  op.axes = std::move(axes);
  return node.transpose(node.add(std::move(op), {value}), channels_to_front(rank));
}

}  // namespace

Placed add_binary(NodeContext& node, PointwiseFn fn) {
  const std::array<std::size_t, kBoth> ranks = {node.dims(0).size(), node.dims(1).size()};
  const std::size_t rank = std::max(ranks[0], ranks[1]);
  Placed result;
  for (std::size_t i = 0; i < kBoth; ++i) {
    if (ranks[i] != rank) continue;
    if (node.placed(i).moved) result.moved = true;
    if (node.placed(i).channels != Channels::unknown) result.channels = node.placed(i).channels;
  }
  std::vector<ValueId> operands;
  for (std::size_t i = 0; i < kBoth; ++i)
    operands.push_back(result.moved ? beside_moved(node, i, rank) : node.in_file_order(i));
  result.id = node.add(op::binary(fn), std::move(operands));
  return result;
}

namespace {

Placed activation(NodeContext& node) {
  node.require_inputs(1, 1);
  static constexpr std::array kFunctions = {PointwiseFn::relu,     PointwiseFn::clip,    PointwiseFn::sigmoid,
                                            PointwiseFn::tanh,     PointwiseFn::elu,     PointwiseFn::selu,
                                            PointwiseFn::softsign, PointwiseFn::softplus};
  const PointwiseFn fn = kFunctions[node.field_choice(
      "func", {"relu", "relu6", "sigmoid", "tanh", "elu", "selu", "softsign", "softplus"})];
  return add_unary(node, fn == PointwiseFn::clip ? op::unary(fn, 0, 6) : op::unary(fn));
}

Placed leaky_relu(NodeContext& node) {
  node.require_inputs(1, 1);
  return add_unary(node,
                   op::unary(PointwiseFn::leaky_relu, static_cast<float>(node.field_number("alpha")), 0));
}

Placed unary(NodeContext& node) {
  node.require_inputs(1, 1);
  static const std::map<std::string, PointwiseFn> functions = {
      {"neg", PointwiseFn::neg},     {"exp", PointwiseFn::exp},     {"log", PointwiseFn::log},
      {"abs", PointwiseFn::abs},     {"sqrt", PointwiseFn::sqrt},   {"square", PointwiseFn::square},
      {"sin", PointwiseFn::sin},     {"cos", PointwiseFn::cos},     {"tan", PointwiseFn::tan},
      {"sinh", PointwiseFn::sinh},   {"cosh", PointwiseFn::cosh},   {"asin", PointwiseFn::asin},
      {"acos", PointwiseFn::acos},   {"atan", PointwiseFn::atan},   {"asinh", PointwiseFn::asinh},
      {"acosh", PointwiseFn::acosh}, {"atanh", PointwiseFn::atanh}, {"ceil", PointwiseFn::ceil},
      {"floor", PointwiseFn::floor},
  };
  const std::string fn = node.find_string("func").value_or("");
  if (fn == "rsqrt") {
    Placed result = add_unary(node, op::unary(PointwiseFn::sqrt));
    result.id = node.add(op::unary(PointwiseFn::reciprocal), {result.id});
    return result;
  }
  if (fn == "pow") node.fail("the converter lost the exponent of the power");
  const auto found = functions.find(fn);
  if (found == functions.end()) node.fail(fmt::format("field 'func' has the value {}", quote(fn)));
  return add_unary(node, op::unary(found->second));
}

Placed binary(NodeContext& node) {
  node.require_inputs(2, 2);
  static constexpr std::array kFunctions = {PointwiseFn::min, PointwiseFn::max, PointwiseFn::mul,
                                            PointwiseFn::sub, PointwiseFn::div, PointwiseFn::add,
                                            PointwiseFn::pow};
  return add_binary(node,
                    kFunctions[node.field_choice("func", {"min", "max", "mul", "sub", "div", "add", "pow"})]);
}

}  // namespace
}  // namespace tenon::uff

namespace tenon {

void register_uff_elementwise(uff::Registry& registry) {
  registry.add("Activation", uff::activation);
  registry.add("Binary", uff::binary);
  registry.add("LeakyRelu", uff::leaky_relu);
  registry.add("Unary", uff::unary);
}

}  // namespace tenon
