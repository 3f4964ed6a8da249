// Elementwise operators that are made of several pointwise functions.
#include "importers/tensorflow/converters.hpp"
#include "ops/where.hpp"

#include <numbers>

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;

ValueId where(NodeContext& node, ValueId condition, ValueId a, ValueId b) {
  return add_elementwise(node, op::Where{}, {condition, a, b});
}

ValueId is_zero(NodeContext& node, ValueId x) { return binary(node, Fn::equal, x, scalar_like(node, x, 0)); }

// x where the condition does not hold, else 0.
ValueId zero_where(NodeContext& node, ValueId condition, ValueId x) {
  return where(node, condition, scalar_like(node, x, 0), x);
}

Values rsqrt(NodeContext& node) {
  node.require_inputs(1);
  return one(unary(node, Fn::reciprocal, unary(node, Fn::sqrt, node.input(0))));
}

Values expm1(NodeContext& node) {
  node.require_inputs(1);
  const ValueId x = node.input(0);
  // tanh(x / 2) (exp(x) + 1) keeps its digits where exp(x) - 1 loses them.
  const ValueId half = binary(node, Fn::mul, x, scalar_like(node, x, 0.5));
  const ValueId more = binary(node, Fn::add, unary(node, Fn::exp, x), scalar_like(node, x, 1));
  const ValueId small = binary(node, Fn::mul, unary(node, Fn::tanh, half), more);
  const ValueId large = binary(node, Fn::sub, unary(node, Fn::exp, x), scalar_like(node, x, 1));
  const ValueId is_small = binary(node, Fn::less, unary(node, Fn::abs, x), scalar_like(node, x, 0.5));
  return one(where(node, is_small, small, large));
}

Values log1p(NodeContext& node) {
  node.require_inputs(1);
  const ValueId x = node.input(0);
  // 2 atanh(x / (x + 2)) keeps its digits where log(1 + x) loses them.
  const ValueId ratio = binary(node, Fn::div, x, binary(node, Fn::add, x, scalar_like(node, x, 2)));
  const ValueId small = binary(node, Fn::mul, unary(node, Fn::atanh, ratio), scalar_like(node, x, 2));
  const ValueId large = unary(node, Fn::log, binary(node, Fn::add, x, scalar_like(node, x, 1)));
  const ValueId is_small = binary(node, Fn::less, unary(node, Fn::abs, x), scalar_like(node, x, 0.5));
  return one(where(node, is_small, small, large));
}

Values erfc(NodeContext& node) {
  node.require_inputs(1);
  const ValueId x = node.input(0);
  return one(binary(node, Fn::sub, scalar_like(node, x, 1), unary(node, Fn::erf, x)));
}

Values is_finite(NodeContext& node) {
  node.require_inputs(1);
  const ValueId nan = unary(node, Fn::is_nan, node.input(0));
  const ValueId inf = unary(node, Fn::is_inf, node.input(0));
  return one(unary(node, Fn::logical_not, binary(node, Fn::logical_or, nan, inf)));
}

Values squared_difference(NodeContext& node) {
  node.require_inputs(2);
  return one(unary(node, Fn::square, binary(node, Fn::sub, node.input(0), node.input(1))));
}

Values floor_div(NodeContext& node) {
  node.require_inputs(2);
  const ValueId a = node.input(0);
  const ValueId b = node.input(1);
  if (is_floating_point(node.dtype(0))) return one(unary(node, Fn::floor, binary(node, Fn::div, a, b)));
  const auto known = node.known_ints(1);
  const auto* dims = node.dims(1);
  const bool positive = known && known->size() == 1 && known->front() > 0 && dims != nullptr && dims->empty();
  // Shape arithmetic stays readable for inference: dims are not negative.
  if (positive && node.graph().value(a).symbolic) return one(binary(node, Fn::div, a, b));
  const ValueId rest = binary(node, Fn::mod, a, b);
  return one(binary(node, Fn::div, binary(node, Fn::sub, a, rest), b));
}

Values div_no_nan(NodeContext& node) {
  node.require_inputs(2);
  const ValueId quotient = binary(node, Fn::div, node.input(0), node.input(1));
  return one(zero_where(node, is_zero(node, node.input(1)), quotient));
}

Values mul_no_nan(NodeContext& node) {
  node.require_inputs(2);
  const ValueId product = binary(node, Fn::mul, node.input(0), node.input(1));
  return one(zero_where(node, is_zero(node, node.input(1)), product));
}

Values xdivy(NodeContext& node) {
  node.require_inputs(2);
  const ValueId quotient = binary(node, Fn::div, node.input(0), node.input(1));
  return one(zero_where(node, is_zero(node, node.input(0)), quotient));
}

Values xlogy(NodeContext& node) {
  node.require_inputs(2);
  const ValueId product = binary(node, Fn::mul, node.input(0), unary(node, Fn::log, node.input(1)));
  return one(zero_where(node, is_zero(node, node.input(0)), product));
}

// The angle of (x, y): atan(y / x), moved by ±π into the half plane of negative x.
Values atan2(NodeContext& node) {
  node.require_inputs(2);
  const ValueId y = node.input(0);
  const ValueId x = node.input(1);
  const ValueId zero = scalar_like(node, x, 0);
  const ValueId angle = unary(node, Fn::atan, binary(node, Fn::div, y, x));
  const ValueId down = binary(node, Fn::less, y, scalar_like(node, y, 0));
  const ValueId turn =
      where(node, down, scalar_like(node, x, -std::numbers::pi), scalar_like(node, x, std::numbers::pi));
  const ValueId moved =
      where(node, binary(node, Fn::less, x, zero), binary(node, Fn::add, angle, turn), angle);
  const ValueId origin = binary(node, Fn::logical_and, is_zero(node, x), is_zero(node, y));
  return one(zero_where(node, origin, moved));
}

Values approximate_equal(NodeContext& node) {
  node.require_inputs(2);
  const ValueId distance = unary(node, Fn::abs, binary(node, Fn::sub, node.input(0), node.input(1)));
  return one(
      binary(node, Fn::less, distance, scalar_like(node, distance, node.attr_float("tolerance", 1e-5F))));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_arithmetic(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("ApproximateEqual", approximate_equal);
  registry.add("Atan2", tensorflow::atan2);
  registry.add("DivNoNan", div_no_nan);
  registry.add("Erfc", tensorflow::erfc);
  registry.add("Expm1", tensorflow::expm1);
  registry.add("FloorDiv", floor_div);
  registry.add("IsFinite", is_finite);
  registry.add("Log1p", tensorflow::log1p);
  registry.add("MulNoNan", mul_no_nan);
  registry.add("Rsqrt", rsqrt);
  registry.add("SquaredDifference", squared_difference);
  registry.add("Xdivy", xdivy);
  registry.add("Xlogy", xlogy);
}

}  // namespace tenon
