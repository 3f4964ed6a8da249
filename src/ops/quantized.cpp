#include "ops/quantized.hpp"

#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/dequantize_linear.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/quantize_linear.hpp"
#include "ops/scalar.hpp"
#include "ops/unary.hpp"

#include <fmt/format.h>

#include <cmath>

namespace tenon::op {
namespace {

bool holds(DataType dtype, std::int64_t zero) {
  return dtype == DataType::u8 ? zero >= 0 && zero <= 255 : zero >= -128 && zero <= 127;
}

template <class T>
Tensor floats_of(const Tensor& x, std::int64_t zero, float multiplier) {
  Tensor result(DataType::f32, x.shape());
  const auto from = x.values<T>();
  const auto to = result.mutable_values<float>();
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<float>(static_cast<std::int64_t>(from[i]) - zero) * multiplier;
  return result;
}

PointwiseProgram::Instruction call(PointwiseFn fn, std::uint16_t a, std::uint16_t b = 0) {
  PointwiseProgram::Instruction instruction;
  instruction.fn = fn;
  instruction.args[0] = a;
  instruction.args[1] = b;
  instruction.alpha = info(fn).alpha;
  instruction.beta = info(fn).beta;
  return instruction;
}

PointwiseFn function_of(Gate gate) {
  switch (gate) {
    case Gate::silu: return PointwiseFn::silu;
    case Gate::gelu: return PointwiseFn::gelu;
    case Gate::gelu_tanh: return PointwiseFn::gelu_tanh;
    default: return PointwiseFn::hard_swish;
  }
}

}  // namespace

void check_zero_point(const InferContext& context, std::string_view what, std::int64_t zero, DataType dtype) {
  if (!holds(dtype, zero)) context.fail(fmt::format("{}: {} is no {}", what, zero, name(dtype)));
}

void check_activation(const InferContext& context, QuantizedActivation activation, float alpha, float beta) {
  const bool fits = activation == QuantizedActivation::clip    ? alpha <= beta
                    : activation == QuantizedActivation::leaky ? std::isfinite(alpha)
                    : is_gated(activation)                     ? std::isfinite(alpha) && alpha > 0
                                                               : true;
  if (!fits) context.fail(fmt::format("alpha {} and beta {} of the activation", alpha, beta));
}

void check_quantized_result(const InferContext& context, DataType dtype, std::int64_t zero) {
  if (dtype == DataType::f32) {
    if (zero != 0) context.fail(fmt::format("y_zero: expected 0 for a result in f32, found {}", zero));
  } else if (dtype == DataType::i8 || dtype == DataType::u8) {
    check_zero_point(context, "y_zero", zero, dtype);
  } else {
    context.fail(fmt::format("output_dtype: expected i8, u8 or f32, found {}", name(dtype)));
  }
}

void check_multiplier(const InferContext& context, std::size_t operand, const Dim& channels) {
  context.require_dtype(operand, {DataType::f32});
  if (!context.has_rank(operand) || context.dims(operand).empty()) return;
  require_rank(context, operand, 1);
  merge_dim(context, context.dims(operand)[0], channels, "multipliers and output channels:");
}

void check_integer_bias(const InferContext& context, std::size_t operand, const Dim& channels) {
  context.require_dtype(operand, {DataType::i32});
  require_rank(context, operand, 1);
  if (context.has_rank(operand))
    merge_dim(context, context.dims(operand)[0], channels, "bias and output channels:");
}

void check_residual(const InferContext& context, std::size_t operand, const std::optional<Dims>& dims,
                    std::int64_t zero) {
  context.require_dtype(operand, {DataType::i8, DataType::u8});
  check_zero_point(context, "residual_zero", zero, context.dtype(operand));
  if (!dims || !context.has_rank(operand)) return;
  require_rank(context, operand, dims->size());
  for (std::size_t i = 0; i < dims->size(); ++i)
    merge_dim(context, context.dims(operand)[i], (*dims)[i], "residual and result:");
}

ValueId dequantized(NodeBuilder& builder, ValueId x, std::int64_t zero, float multiplier) {
  const DataType dtype = builder.type(x).as_tensor().dtype;
  if (const Tensor* constant = builder.constant(x)) {
    return builder.add_constant(dtype == DataType::u8 ? floats_of<std::uint8_t>(*constant, zero, multiplier)
                                                      : floats_of<std::int8_t>(*constant, zero, multiplier));
  }
  const ValueId scale = builder.add_constant(scalar_tensor(DataType::f32, static_cast<double>(multiplier)));
  const ValueId zero_point = builder.add_constant(scalar_tensor(dtype, static_cast<double>(zero)));
  return builder.add(DequantizeLinear{}, {x, scale, zero_point});
}

ValueId as_floats(NodeBuilder& builder, ValueId x) {
  if (const Tensor* constant = builder.constant(x))
    return builder.add_constant(floats_of<std::int32_t>(*constant, 0, 1));
  return builder.add(Cast{DataType::f32}, {x});
}

ValueId quantized(NodeBuilder& builder, ValueId v, std::int64_t zero, DataType dtype) {
  if (dtype == DataType::f32) return v;
  const ValueId scale = builder.add_constant(scalar_tensor(DataType::f32, 1));
  const ValueId zero_point = builder.add_constant(scalar_tensor(dtype, static_cast<double>(zero)));
  return builder.add(QuantizeLinear{}, {v, scale, zero_point});
}

ValueId activated(NodeBuilder& builder, ValueId v, QuantizedActivation activation, float alpha, float beta) {
  switch (activation) {
    case QuantizedActivation::none: break;
    case QuantizedActivation::relu: return builder.add(unary(PointwiseFn::relu), {v});
    case QuantizedActivation::clip: return builder.add(unary(PointwiseFn::clip, alpha, beta), {v});
    case QuantizedActivation::leaky: return builder.add(unary(PointwiseFn::leaky_relu, alpha, 0), {v});
    default: {
      const ValueId gain = builder.add_constant(scalar_tensor(DataType::f32, static_cast<double>(alpha)));
      v = builder.add(unary(function_of(gate_of(activation))), {v});
      return builder.add(binary(PointwiseFn::mul), {v, gain});
    }
  }
  return v;
}

PointwiseProgram requantize_program(bool residual, QuantizedActivation activation, float alpha, float beta) {
  PointwiseProgram program;
  program.inputs = residual ? 3 : 2;
  program.code.push_back(call(PointwiseFn::mul, 0, 1));
  if (residual) program.code.push_back(call(PointwiseFn::add, program.result(), 2));
  const std::uint16_t v = program.result();
  if (activation == QuantizedActivation::relu) program.code.push_back(call(PointwiseFn::relu, v));
  if (activation == QuantizedActivation::clip) {
    program.code.push_back(call(PointwiseFn::clip, v));
    program.code.back().alpha = alpha;
    program.code.back().beta = beta;
  }
  if (activation == QuantizedActivation::leaky) {
    program.code.push_back(call(PointwiseFn::leaky_relu, v));
    program.code.back().alpha = alpha;
  }
  if (is_gated(activation)) {
    PointwiseProgram::Instruction gain;
    gain.kind = PointwiseProgram::Kind::constant;
    gain.alpha = alpha;
    program.code.push_back(call(function_of(gate_of(activation)), v));
    const std::uint16_t gated = program.result();
    program.code.push_back(gain);
    program.code.push_back(call(PointwiseFn::mul, gated, program.result()));
  }
  return program;
}

}  // namespace tenon::op
