// Elementwise operators: a row each where ONNX has the function, else the function made of others.
#include "ir/pointwise.hpp"

#include "exporters/onnx/node_writer.hpp"
#include "ops/binary.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/unary.hpp"

#include <cmath>
#include <limits>

namespace tenon::onnx_export {
namespace {

// `alpha`, `beta`: attributes that hold the function's parameters; empty: it has none.
struct FunctionRow {
  PointwiseFn fn;
  std::string_view op_type;
  std::string_view alpha = {};
  std::string_view beta = {};
};

using Fn = PointwiseFn;

constexpr FunctionRow kFunctions[] = {
    {Fn::add, "Add"},
    {Fn::sub, "Sub"},
    {Fn::mul, "Mul"},
    {Fn::div, "Div"},
    {Fn::min, "Min"},
    {Fn::max, "Max"},
    {Fn::bit_and, "BitwiseAnd"},
    {Fn::bit_or, "BitwiseOr"},
    {Fn::bit_xor, "BitwiseXor"},
    {Fn::bit_not, "BitwiseNot"},
    {Fn::neg, "Neg"},
    {Fn::abs, "Abs"},
    {Fn::sign, "Sign"},
    {Fn::reciprocal, "Reciprocal"},
    {Fn::sqrt, "Sqrt"},
    {Fn::exp, "Exp"},
    {Fn::log, "Log"},
    {Fn::erf, "Erf"},
    {Fn::floor, "Floor"},
    {Fn::ceil, "Ceil"},
    {Fn::round, "Round"},
    {Fn::sin, "Sin"},
    {Fn::cos, "Cos"},
    {Fn::tan, "Tan"},
    {Fn::asin, "Asin"},
    {Fn::acos, "Acos"},
    {Fn::atan, "Atan"},
    {Fn::sinh, "Sinh"},
    {Fn::cosh, "Cosh"},
    {Fn::tanh, "Tanh"},
    {Fn::asinh, "Asinh"},
    {Fn::acosh, "Acosh"},
    {Fn::atanh, "Atanh"},
    {Fn::leaky_relu, "LeakyRelu", "alpha"},
    {Fn::thresholded_relu, "ThresholdedRelu", "alpha"},
    {Fn::elu, "Elu", "alpha"},
    {Fn::selu, "Selu", "alpha", "gamma"},
    {Fn::sigmoid, "Sigmoid"},
    {Fn::hard_sigmoid, "HardSigmoid", "alpha", "beta"},
    {Fn::hard_swish, "HardSwish"},
    {Fn::mish, "Mish"},
    {Fn::softplus, "Softplus"},
    {Fn::softsign, "Softsign"},
    {Fn::shrink, "Shrink", "lambd", "bias"},
    {Fn::gelu, "Gelu"},
    {Fn::equal, "Equal"},
    {Fn::less, "Less"},
    {Fn::less_equal, "LessOrEqual"},
    {Fn::greater, "Greater"},
    {Fn::greater_equal, "GreaterOrEqual"},
    {Fn::logical_and, "And"},
    {Fn::logical_or, "Or"},
    {Fn::logical_xor, "Xor"},
    {Fn::logical_not, "Not"},
    {Fn::is_nan, "IsNaN"},
};

struct Parameters {
  float alpha = 0;
  float beta = 0;
};

Parameters parameters(const NodeWriter& node) {
  if (const auto* op = node.node().op.as<op::Unary>()) return {op->alpha, op->beta};
  const auto& op = node.op<op::Binary>();
  return {op.alpha, op.beta};
}

void function(NodeWriter& node) {
  const auto* op = node.node().op.as<op::Unary>();
  const PointwiseFn fn = op != nullptr ? op->fn : node.op<op::Binary>().fn;
  for (const FunctionRow& row : kFunctions) {
    if (row.fn != fn) continue;
    const Parameters values = parameters(node);
    AttributeList attributes;
    if (!row.alpha.empty()) attributes.push_back({std::string(row.alpha), values.alpha});
    if (!row.beta.empty()) attributes.push_back({std::string(row.beta), values.beta});
    return node.finish(row.op_type, node.inputs(), attributes);
  }
}

void square(NodeWriter& node) { node.finish("Mul", {node.input(0), node.input(0)}); }

void gelu_tanh(NodeWriter& node) {
  node.finish("Gelu", {node.input(0)}, {{"approximate", std::string("tanh")}});
}

void is_inf(NodeWriter& node) {
  const Parameters values = parameters(node);
  node.finish("IsInf", {node.input(0)},
              {{"detect_negative", values.alpha != 0}, {"detect_positive", values.beta != 0}});
}

// x * sigmoid(alpha x): what opset 24 calls Swish.
void silu(NodeWriter& node) {
  const float alpha = parameters(node).alpha;
  Name x = node.input(0);
  if (alpha != 1) x = node.add("Mul", {x, node.scalar(node.dtype(0), alpha)});
  node.finish("Mul", {node.input(0), node.add("Sigmoid", {x})});
}

// ONNX knows it for f32 alone: x < 0 ? elu of x / alpha, times alpha : x.
void celu(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  const float alpha = parameters(node).alpha;
  if (dtype == DataType::f32) return node.finish("Celu", {node.input(0)}, {{"alpha", alpha}});
  const Name scale = node.scalar(dtype, alpha);
  const Name inner = node.add("Elu", {node.add("Div", {node.input(0), scale})}, {{"alpha", 1.0F}});
  const Name negative = node.add("Less", {node.input(0), node.scalar(dtype, 0)});
  node.finish("Where", {negative, node.add("Mul", {inner, scale}), node.input(0)});
}

void relu(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  node.finish(is_signed(dtype) ? "Relu" : "Identity", {node.input(0)});
}

// A bound beyond an integer type's range is none.
Name integer_bound(NodeWriter& node, double bound) {
  const DataType dtype = node.dtype(0);
  const int digits = bit_width(dtype) - (is_signed(dtype) ? 1 : 0);
  const double above = std::ldexp(1.0, digits);
  const double lowest = is_signed(dtype) ? -above : 0;
  return bound < above && bound >= lowest ? node.scalar(dtype, bound) : Name();
}

void clip(NodeWriter& node) {
  const auto [alpha, beta] = parameters(node);
  const DataType dtype = node.dtype(0);
  Name low, high;
  if (is_floating_point(dtype)) {
    if (alpha > -std::numeric_limits<float>::infinity()) low = node.scalar(dtype, alpha);
    if (beta < std::numeric_limits<float>::infinity()) high = node.scalar(dtype, beta);
  } else {
    low = integer_bound(node, std::ceil(alpha));
    high = integer_bound(node, std::floor(beta));
    const bool beyond = (low.empty() && alpha > 0) || (high.empty() && beta < 0);
    if (beyond) node.fail("a bound lies beyond the type's range");
  }
  node.finish(low.empty() && high.empty() ? "Identity" : "Clip", {node.input(0), low, high});
}

// With the sign of the divisor; ONNX has it for integers, and for floats what has the sign of the dividend.
void mod(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  const Name x = node.input(0), y = node.input(1);
  if (!is_floating_point(dtype)) return node.finish("Mod", {x, y});
  const Name zero = node.scalar(dtype, 0);
  const Name rest = node.add("Mod", {x, y}, {{"fmod", true}});
  const Name other_sign = node.add("Xor", {node.add("Less", {rest, zero}), node.add("Less", {y, zero})});
  const Name some = node.add("Not", {node.add("Equal", {rest, zero})});
  node.finish("Where", {node.add("And", {some, other_sign}), node.add("Add", {rest, y}), rest});
}

void fmod(NodeWriter& node) { node.finish("Mod", node.inputs(), {{"fmod", true}}); }

void pow(NodeWriter& node) {
  const DataType dtype = node.dtype(0);
  const bool known = is_floating_point(dtype) || dtype == DataType::i32 || dtype == DataType::i64;
  if (known) return node.finish("Pow", node.inputs());
  const Name base = node.cast(node.input(0), dtype, DataType::i64);
  node.finish("Cast", {node.add("Pow", {base, node.input(1)})}, {{"to", dtype}});
}

// ONNX broadcasts the slope only, to the shape of x, and knows no narrow integers.
void prelu(NodeWriter& node) {
  const Dims* x = node.dims(0);
  const Dims* slope = node.dims(1);
  bool fits = x != nullptr && slope != nullptr && slope->size() <= x->size();
  for (std::size_t i = 0; fits && i < slope->size(); ++i) {
    const Dim& own = (*slope)[slope->size() - 1 - i];
    fits = own.is_const(1) || provably_equal(own, (*x)[x->size() - 1 - i]);
  }
  const DataType dtype = node.dtype(0);
  if (fits && (is_floating_point(dtype) || bit_width(dtype) >= 32))
    return node.finish("PRelu", node.inputs());
  const Name negative = node.add("Less", {node.input(0), node.scalar(dtype, 0)});
  node.finish("Where", {negative, node.add("Mul", node.inputs()), node.input(0)});
}

// ONNX shifts unsigned numbers only. Of signed ones, left shifts work on the same bits. Right shifts repeat
// the sign: with the sign bit turned over, numbers keep their order as unsigned ones, and what zero became is
// subtracted again.
void shift(NodeWriter& node, bool left) {
  const DataType dtype = node.dtype(0);
  const AttributeList direction = {{"direction", std::string(left ? "LEFT" : "RIGHT")}};
  if (!is_signed(dtype)) return node.finish("BitShift", node.inputs(), direction);
  const DataType bits = dtype == DataType::i8    ? DataType::u8
                        : dtype == DataType::i16 ? DataType::u16
                        : dtype == DataType::i32 ? DataType::u32
                                                 : DataType::u64;
  Name x = node.cast(node.input(0), dtype, bits);
  const Name by = node.cast(node.input(1), dtype, bits);
  if (left) return node.finish("Cast", {node.add("BitShift", {x, by}, direction)}, {{"to", dtype}});
  const Name sign = node.scalar(bits, std::ldexp(1.0, bit_width(dtype) - 1));
  x = node.add("BitShift", {node.add("BitwiseXor", {x, sign}), by}, direction);
  const Name zero = node.add("BitShift", {sign, by}, direction);
  node.finish("Cast", {node.add("Sub", {x, zero})}, {{"to", dtype}});
}

void shift_left(NodeWriter& node) { shift(node, true); }
void shift_right(NodeWriter& node) { shift(node, false); }

}  // namespace
}  // namespace tenon::onnx_export

namespace tenon {

void register_onnx_export_pointwise(onnx_export::Registry& registry) {
  for (const onnx_export::FunctionRow& row : onnx_export::kFunctions)
    registry.add(info(row.fn).name, onnx_export::function);
  registry.add("celu", onnx_export::celu);
  registry.add("clip", onnx_export::clip);
  registry.add("fmod", onnx_export::fmod);
  registry.add("gelu_tanh", onnx_export::gelu_tanh);
  registry.add("is_inf", onnx_export::is_inf);
  registry.add("mod", onnx_export::mod);
  registry.add("pow", onnx_export::pow);
  registry.add("prelu", onnx_export::prelu);
  registry.add("relu", onnx_export::relu);
  registry.add("shift_left", onnx_export::shift_left);
  registry.add("shift_right", onnx_export::shift_right);
  registry.add("silu", onnx_export::silu);
  registry.add("square", onnx_export::square);
}

}  // namespace tenon
