// What the quantized operators share: their checks, and the float operators that they decompose into.
#pragma once

#include "ir/graph.hpp"
#include "ops/requantize.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tenon::op {

// Fails unless `zero` is a number of `dtype`, i8 or u8.
void check_zero_point(const InferContext& context, std::string_view what, std::int64_t zero, DataType dtype);

// Fails unless the activation's parameters are numbers, and in order.
void check_activation(const InferContext& context, QuantizedActivation activation, float alpha, float beta);

// Fails unless the dtype is i8, u8, or f32 with a zero point of 0.
void check_quantized_result(const InferContext& context, DataType dtype, std::int64_t zero);

// Fails unless the operand is f32 (multiplier) or i32 (bias) and a scalar or [channels]; a bias must be a
// list.
void check_multiplier(const InferContext& context, std::size_t operand, const Dim& channels);
void check_integer_bias(const InferContext& context, std::size_t operand, const Dim& channels);

// Fails unless the operand is i8 or u8, of these dims, and `zero` a number of its dtype.
void check_residual(const InferContext& context, std::size_t operand, const std::optional<Dims>& dims,
                    std::int64_t zero);

// float(x - zero) · multiplier, elementwise. A constant stays one.
ValueId dequantized(NodeBuilder& builder, ValueId x, std::int64_t zero, float multiplier = 1);
// float(x) of i32.
ValueId as_floats(NodeBuilder& builder, ValueId x);
// saturate(round_half_even(v) + zero), or v itself for f32.
ValueId quantized(NodeBuilder& builder, ValueId v, std::int64_t zero, DataType dtype);

ValueId activated(NodeBuilder& builder, ValueId v, QuantizedActivation activation, float alpha, float beta);

// What happens to a sum, as the epilogue of a float convolution or product: register 0 · register 1, +
// register 2 where there is a residual, activation.
PointwiseProgram requantize_program(bool residual, QuantizedActivation activation, float alpha, float beta);

}  // namespace tenon::op
