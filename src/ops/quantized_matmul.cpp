#include "ops/quantized_matmul.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/matmul.hpp"
#include "ops/quantized.hpp"

namespace tenon {
namespace op {

std::vector<Inference> QuantizedMatMul::infer(InferContext& context) const {
  context.require_inputs(3, 5);
  for (const std::size_t i : {kA, kB}) context.require_dtype(i, {DataType::i8, DataType::u8});
  check_zero_point(context, "a_zero", a_zero, context.dtype(kA));
  check_zero_point(context, "b_zero", b_zero, context.dtype(kB));
  check_activation(context, activation, alpha, beta);
  check_quantized_result(context, output_dtype, y_zero);
  std::optional<Dims> dims;
  if (context.has_rank(kA) && context.has_rank(kB))
    dims = matmul_output_dims(context, context.dims(kA), context.dims(kB), transpose_a, transpose_b);
  const bool per_column =
      context.has(kBias) || !context.has_rank(kMultiplier) || !context.dims(kMultiplier).empty();
  if (per_column) require_rank_at_least(context, kB, 2);
  const Dim columns = dims && !dims->empty() ? dims->back() : Dim();
  check_multiplier(context, kMultiplier, columns);
  if (context.has(kBias)) check_integer_bias(context, kBias, columns);
  if (context.has(kResidual)) check_residual(context, kResidual, dims, residual_zero);
  return {tensor_type(output_dtype, std::move(dims))};
}

std::vector<ValueId> QuantizedMatMul::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  const bool biased = inputs.size() > kBias && inputs[kBias].valid();
  const bool residual = inputs.size() > kResidual && inputs[kResidual].valid();
  MatMul matmul;
  matmul.transpose_a = transpose_a;
  matmul.transpose_b = transpose_b;
  matmul.epilogue = requantize_program(residual, activation, alpha, beta);
  std::vector<ValueId> operands{dequantized(builder, inputs[kA], a_zero),
                                dequantized(builder, inputs[kB], b_zero),
                                biased ? as_floats(builder, inputs[kBias]) : ValueId{}, inputs[kMultiplier]};
  if (residual)
    operands.push_back(dequantized(builder, inputs[kResidual], residual_zero, residual_multiplier));
  return {quantized(builder, builder.add(matmul, std::move(operands)), y_zero, output_dtype)};
}

}  // namespace op

void register_op_quantized_matmul(OpRegistry& registry) { registry.add<op::QuantizedMatMul>(); }

}  // namespace tenon
