// Elementwise operators that map one to one onto a pointwise function, casts and selections.
#include "importers/tensorflow/converters.hpp"
#include "ops/bitcast.hpp"
#include "ops/where.hpp"

namespace tenon::tensorflow {
namespace {

using Fn = PointwiseFn;

template <PointwiseFn kFn>
Values unary_function(NodeContext& node) {
  node.require_inputs(1);
  return one(unary(node, kFn, node.input(0)));
}

template <PointwiseFn kFn>
Values binary_function(NodeContext& node) {
  node.require_inputs(2);
  node.ignore_attrs({"incompatible_shape_error"});
  return one(binary(node, kFn, node.input(0), node.input(1)));
}

Values not_equal(NodeContext& node) {
  return one(unary(node, PointwiseFn::logical_not, binary_function<PointwiseFn::equal>(node).front()));
}

Values add_n(NodeContext& node) {
  node.ignore_attrs({"shape"});
  ValueId sum = node.input(0);
  for (std::size_t i = 1; i < node.input_count(); ++i)
    sum = binary(node, PointwiseFn::add, sum, node.input(i));
  return one(sum);
}

Values leaky_relu(NodeContext& node) {
  node.require_inputs(1);
  return one(unary(node, PointwiseFn::leaky_relu, node.input(0), node.attr_float("alpha", 0.2F)));
}

Values relu6(NodeContext& node) {
  node.require_inputs(1);
  return one(unary(node, PointwiseFn::clip, node.input(0), 0, 6));
}

Values cast_node(NodeContext& node) {
  node.require_inputs(1);
  const auto to = node.find_dtype("DstT");
  if (!to) node.fail("attribute 'DstT' is missing");
  if (node.attr_bool("Truncate", false)) node.fail("casts that truncate fractions are not supported");
  return one(cast(node, node.input(0), *to));
}

Values bitcast(NodeContext& node) {
  node.require_inputs(1);
  const auto to = node.find_dtype("type");
  if (!to) node.fail("attribute 'type' is missing");
  return one(node.add(op::Bitcast{.to = *to}, {node.input(0)}));
}

// Select: a condition of rank 1 chooses whole rows.
Values select(NodeContext& node) {
  node.require_inputs(3);
  ValueId condition = node.input(0);
  const Dims* chosen = node.dims(0);
  const std::int64_t rank = node.rank(1);
  if (chosen != nullptr && chosen->size() == 1 && rank > 1) {
    Ints shape(as_index(rank), 1);
    shape.front() = -1;
    condition = reshape(node, condition, shape);
  }
  return one(add_elementwise(node, op::Where{}, {condition, node.input(1), node.input(2)}));
}

Values select_v2(NodeContext& node) {
  node.require_inputs(3);
  return one(add_elementwise(node, op::Where{}, node.inputs()));
}

Values clip_by_value(NodeContext& node) {
  node.require_inputs(3);
  const ValueId above = binary(node, PointwiseFn::max, node.input(0), node.input(1));
  return one(binary(node, PointwiseFn::min, above, node.input(2)));
}

}  // namespace
}  // namespace tenon::tensorflow

namespace tenon {

void register_tensorflow_pointwise(tensorflow::Registry& registry) {
  using namespace tensorflow;  // NOLINT: the tables read better without prefixes
  registry.add("Abs", unary_function<Fn::abs>);
  registry.add("Acos", unary_function<Fn::acos>);
  registry.add("Acosh", unary_function<Fn::acosh>);
  registry.add("Asin", unary_function<Fn::asin>);
  registry.add("Asinh", unary_function<Fn::asinh>);
  registry.add("Atan", unary_function<Fn::atan>);
  registry.add("Atanh", unary_function<Fn::atanh>);
  registry.add("Ceil", unary_function<Fn::ceil>);
  registry.add("Cos", unary_function<Fn::cos>);
  registry.add("Cosh", unary_function<Fn::cosh>);
  registry.add("Elu", unary_function<Fn::elu>);
  registry.add("Erf", unary_function<Fn::erf>);
  registry.add("Exp", unary_function<Fn::exp>);
  registry.add("Floor", unary_function<Fn::floor>);
  registry.add("Inv", unary_function<Fn::reciprocal>);
  registry.add("Invert", unary_function<Fn::bit_not>);
  registry.add("IsInf", unary_function<Fn::is_inf>);
  registry.add("IsNan", unary_function<Fn::is_nan>);
  registry.add("Log", unary_function<Fn::log>);
  registry.add("LogicalNot", unary_function<Fn::logical_not>);
  registry.add("Neg", unary_function<Fn::neg>);
  registry.add("Reciprocal", unary_function<Fn::reciprocal>);
  registry.add("Relu", unary_function<Fn::relu>);
  registry.add("Rint", unary_function<Fn::round>);
  registry.add("Round", unary_function<Fn::round>);
  registry.add("Selu", unary_function<Fn::selu>);
  registry.add("Sigmoid", unary_function<Fn::sigmoid>);
  registry.add("Sign", unary_function<Fn::sign>);
  registry.add("Sin", unary_function<Fn::sin>);
  registry.add("Sinh", unary_function<Fn::sinh>);
  registry.add("Softplus", unary_function<Fn::softplus>);
  registry.add("Softsign", unary_function<Fn::softsign>);
  registry.add("Sqrt", unary_function<Fn::sqrt>);
  registry.add("Square", unary_function<Fn::square>);
  registry.add("Tan", unary_function<Fn::tan>);
  registry.add("Tanh", unary_function<Fn::tanh>);
  registry.add("LeakyRelu", leaky_relu);
  registry.add("Relu6", relu6);

  registry.add("Add", binary_function<Fn::add>);
  registry.add("AddV2", binary_function<Fn::add>);
  registry.add("BitwiseAnd", binary_function<Fn::bit_and>);
  registry.add("BitwiseOr", binary_function<Fn::bit_or>);
  registry.add("BitwiseXor", binary_function<Fn::bit_xor>);
  registry.add("Div", binary_function<Fn::div>);
  registry.add("Equal", binary_function<Fn::equal>);
  registry.add("FloorMod", binary_function<Fn::mod>);
  registry.add("Greater", binary_function<Fn::greater>);
  registry.add("GreaterEqual", binary_function<Fn::greater_equal>);
  registry.add("LeftShift", binary_function<Fn::shift_left>);
  registry.add("Less", binary_function<Fn::less>);
  registry.add("LessEqual", binary_function<Fn::less_equal>);
  registry.add("LogicalAnd", binary_function<Fn::logical_and>);
  registry.add("LogicalOr", binary_function<Fn::logical_or>);
  registry.add("Maximum", binary_function<Fn::max>);
  registry.add("Minimum", binary_function<Fn::min>);
  registry.add("Mod", binary_function<Fn::fmod>);
  registry.add("Mul", binary_function<Fn::mul>);
  registry.add("Pow", binary_function<Fn::pow>);
  registry.add("RealDiv", binary_function<Fn::div>);
  registry.add("RightShift", binary_function<Fn::shift_right>);
  registry.add("Sub", binary_function<Fn::sub>);
  registry.add("TruncateDiv", binary_function<Fn::div>);
  registry.add("TruncateMod", binary_function<Fn::fmod>);
  registry.add("NotEqual", not_equal);
  registry.add("AddN", add_n);
  registry.add("AccumulateNV2", add_n);

  registry.add("Bitcast", bitcast);
  registry.add("Cast", cast_node);
  registry.add("ClipByValue", clip_by_value);
  registry.add("Select", select);
  registry.add("SelectV2", select_v2);
}

}  // namespace tenon
