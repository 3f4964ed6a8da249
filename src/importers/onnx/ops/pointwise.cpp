// Elementwise operators that map one to one onto a pointwise function.
#include "importers/onnx/converters.hpp"
#include "ops/binary.hpp"
#include "ops/unary.hpp"
#include "ops/unsqueeze.hpp"

#include <fmt/format.h>

#include <numeric>
#include <string_view>

namespace tenon::onnx {
namespace {

template <PointwiseFn kFn>
Values unary_function(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"consumed_inputs"});
  return one(node.add(op::unary(kFn), {node.input(0)}));
}

// Attribute names of a function's two parameters; empty: it has none.
struct Parameters {
  std::string_view alpha;
  std::string_view beta;
};

template <PointwiseFn kFn, const Parameters& kNames>
Values unary_with_parameters(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"consumed_inputs"});
  op::Unary op = op::unary(kFn);
  if (!kNames.alpha.empty()) op.alpha = node.attr_float(kNames.alpha, op.alpha);
  if (!kNames.beta.empty()) op.beta = node.attr_float(kNames.beta, op.beta);
  return one(node.add(op, {node.input(0)}));
}

constexpr Parameters kAlpha = {"alpha", ""};
constexpr Parameters kAlphaBeta = {"alpha", "beta"};
constexpr Parameters kAlphaGamma = {"alpha", "gamma"};
constexpr Parameters kLambdaBias = {"lambd", "bias"};

// The first version's defaults have four decimals.
Values selu_with_short_defaults(NodeContext& node) {
  node.require_inputs(1, 1);
  node.ignore_attrs({"consumed_inputs"});
  const float alpha = node.attr_float("alpha", 1.6732F);
  return one(
      node.add(op::unary(PointwiseFn::selu, alpha, node.attr_float("gamma", 1.0507F)), {node.input(0)}));
}

// Before opset 7 operand 1 was broadcast only where asked, along axes that start at `axis`.
ValueId legacy_broadcast(NodeContext& node) {
  const bool broadcast = node.attr_bool("broadcast", false);
  const auto axis = node.find_int("axis");
  node.ignore_attrs({"consumed_inputs"});
  if (!broadcast || !axis) return node.input(1);
  const std::int64_t rank = node.rank(0);
  const Dims* dims = node.dims(1);
  if (dims == nullptr) node.fail("the rank of input 1 must be known");
  const std::int64_t begin = normalize_axis(node, *axis, rank);
  const auto own = static_cast<std::int64_t>(dims->size());
  if (begin + own > rank) node.fail(fmt::format("input 1 of rank {} does not fit at axis {}", own, *axis));
  if (begin + own == rank) return node.input(1);
  Ints axes(static_cast<std::size_t>(rank - begin - own));
  std::iota(axes.begin(), axes.end(), own);
  return node.add(op::Unsqueeze{std::move(axes)}, {node.input(1)});
}

template <PointwiseFn kFn>
Values binary_function(NodeContext& node) {
  node.require_inputs(2, 2);
  const ValueId b = node.opset() < 7 ? legacy_broadcast(node) : node.input(1);
  return one(node.add(op::binary(kFn), {node.input(0), b}));
}

// A slope of one number per channel had its own rule before opset 7.
Values prelu(NodeContext& node) {
  node.require_inputs(2, 2);
  node.ignore_attrs({"consumed_inputs"});
  ValueId slope = node.input(1);
  const Dims* dims = node.dims(1);
  if (node.opset() < 7 && dims != nullptr && dims->size() == 1 && !dims->front().is_const(1) &&
      node.rank(0) > 2) {
    Ints shape(static_cast<std::size_t>(node.rank(0)) - 1, 1);
    shape.front() = -1;
    slope = reshape(node, slope, shape);
  }
  return one(node.add(op::binary(PointwiseFn::prelu), {node.input(0), slope}));
}

Values bit_shift(NodeContext& node) {
  node.require_inputs(2, 2);
  if (!node.has_attr("direction")) node.fail("attribute 'direction' is missing");
  const bool left = node.attr_choice("direction", {"RIGHT", "LEFT"}, 0) == 1;
  return one(node.add(op::binary(left ? PointwiseFn::shift_left : PointwiseFn::shift_right),
                      {node.input(0), node.input(1)}));
}

Values mod(NodeContext& node) {
  node.require_inputs(2, 2);
  const bool fmod = node.attr_bool("fmod", false);
  if (!fmod && is_floating_point(node.dtype(0)) && node.opset() < 28)
    node.fail("floating-point operands want attribute fmod = 1");
  return one(
      node.add(op::binary(fmod ? PointwiseFn::fmod : PointwiseFn::mod), {node.input(0), node.input(1)}));
}

// 8-bit floats are exact as f32.
ValueId wide_enough(NodeContext& node) {
  const bool narrow = is_floating_point(node.dtype(0)) && bit_width(node.dtype(0)) <= 8;
  return narrow ? cast(node, node.input(0), DataType::f32) : node.input(0);
}

Values is_nan(NodeContext& node) {
  node.require_inputs(1, 1);
  return one(node.add(op::unary(PointwiseFn::is_nan), {wide_enough(node)}));
}

Values is_inf(NodeContext& node) {
  node.require_inputs(1, 1);
  const bool negative = node.attr_bool("detect_negative", true);
  const bool positive = node.attr_bool("detect_positive", true);
  return one(node.add(op::unary(PointwiseFn::is_inf, negative ? 1.0F : 0.0F, positive ? 1.0F : 0.0F),
                      {wide_enough(node)}));
}

Values gelu(NodeContext& node) {
  node.require_inputs(1, 1);
  const bool tanh = node.attr_choice("approximate", {"none", "tanh"}, 0) == 1;
  return one(node.add(op::unary(tanh ? PointwiseFn::gelu_tanh : PointwiseFn::gelu), {node.input(0)}));
}

}  // namespace
}  // namespace tenon::onnx

namespace tenon {

void register_onnx_pointwise(onnx::Registry& registry) {
  using namespace onnx;  // NOLINT: the tables read better without prefixes
  using Fn = PointwiseFn;
  registry.add("Abs", unary_function<Fn::abs>);
  registry.add("Acos", unary_function<Fn::acos>);
  registry.add("Acosh", unary_function<Fn::acosh>);
  registry.add("Asin", unary_function<Fn::asin>);
  registry.add("Asinh", unary_function<Fn::asinh>);
  registry.add("Atan", unary_function<Fn::atan>);
  registry.add("Atanh", unary_function<Fn::atanh>);
  registry.add("BitwiseNot", unary_function<Fn::bit_not>, {18});
  registry.add("Ceil", unary_function<Fn::ceil>);
  registry.add("Cos", unary_function<Fn::cos>);
  registry.add("Cosh", unary_function<Fn::cosh>);
  registry.add("Erf", unary_function<Fn::erf>);
  registry.add("Exp", unary_function<Fn::exp>);
  registry.add("Floor", unary_function<Fn::floor>);
  registry.add("HardSwish", unary_function<Fn::hard_swish>, {14});
  registry.add("IsNaN", is_nan);
  registry.add("Log", unary_function<Fn::log>);
  registry.add("Mish", unary_function<Fn::mish>, {18});
  registry.add("Neg", unary_function<Fn::neg>);
  registry.add("Not", unary_function<Fn::logical_not>);
  registry.add("Reciprocal", unary_function<Fn::reciprocal>);
  registry.add("Relu", unary_function<Fn::relu>);
  registry.add("Round", unary_function<Fn::round>);
  registry.add("Sigmoid", unary_function<Fn::sigmoid>);
  registry.add("Sign", unary_function<Fn::sign>);
  registry.add("Sin", unary_function<Fn::sin>);
  registry.add("Sinh", unary_function<Fn::sinh>);
  registry.add("Softplus", unary_function<Fn::softplus>);
  registry.add("Softsign", unary_function<Fn::softsign>);
  registry.add("Sqrt", unary_function<Fn::sqrt>);
  registry.add("Tan", unary_function<Fn::tan>);
  registry.add("Tanh", unary_function<Fn::tanh>);

  registry.add("Celu", unary_with_parameters<Fn::celu, kAlpha>, {12});
  registry.add("Elu", unary_with_parameters<Fn::elu, kAlpha>);
  registry.add("HardSigmoid", unary_with_parameters<Fn::hard_sigmoid, kAlphaBeta>);
  registry.add("LeakyRelu", unary_with_parameters<Fn::leaky_relu, kAlpha>);
  registry.add("Selu", selu_with_short_defaults, {1, 5});
  registry.add("Selu", unary_with_parameters<Fn::selu, kAlphaGamma>, {6});
  registry.add("Shrink", unary_with_parameters<Fn::shrink, kLambdaBias>);
  registry.add("Swish", unary_with_parameters<Fn::silu, kAlpha>, {24});
  registry.add("ThresholdedRelu", unary_with_parameters<Fn::thresholded_relu, kAlpha>);
  registry.add("Gelu", gelu, {20});
  registry.add("IsInf", is_inf);

  registry.add("Add", binary_function<Fn::add>);
  registry.add("And", binary_function<Fn::logical_and>);
  registry.add("BitwiseAnd", binary_function<Fn::bit_and>, {18});
  registry.add("BitwiseOr", binary_function<Fn::bit_or>, {18});
  registry.add("BitwiseXor", binary_function<Fn::bit_xor>, {18});
  registry.add("Div", binary_function<Fn::div>);
  registry.add("Equal", binary_function<Fn::equal>);
  registry.add("Greater", binary_function<Fn::greater>);
  registry.add("GreaterOrEqual", binary_function<Fn::greater_equal>, {12});
  registry.add("Less", binary_function<Fn::less>);
  registry.add("LessOrEqual", binary_function<Fn::less_equal>, {12});
  registry.add("Mul", binary_function<Fn::mul>);
  registry.add("Or", binary_function<Fn::logical_or>);
  registry.add("Pow", binary_function<Fn::pow>);
  registry.add("Sub", binary_function<Fn::sub>);
  registry.add("Xor", binary_function<Fn::logical_xor>);
  registry.add("BitShift", bit_shift, {11});
  registry.add("Mod", mod, {10});
  registry.add("PRelu", prelu);
}

}  // namespace tenon
