#include "ops/pointwise.hpp"

#include "base/check.hpp"
#include "ops/binary.hpp"
#include "ops/cast.hpp"
#include "ops/epilogue.hpp"
#include "ops/infer_helpers.hpp"
#include "ops/unary.hpp"
#include "ops/where.hpp"

namespace tenon {
namespace op {
namespace {

using Instruction = PointwiseProgram::Instruction;

// The operator that does what one instruction does.
Op operator_of(const Instruction& instruction) {
  if (instruction.kind == PointwiseProgram::Kind::cast) {
    Cast cast;
    cast.to = instruction.to;
    return cast;
  }
  switch (info(instruction.fn).arity) {
    case 1: return Unary{instruction.fn, instruction.alpha, instruction.beta};
    case 2: return Binary{instruction.fn, instruction.alpha, instruction.beta};
    default: return Where{};
  }
}

// A scalar constant of any dtype: an f32 scalar through the cast that the program implies.
ValueId add_scalar(NodeBuilder& builder, float value, DataType dtype) {
  Tensor scalar(DataType::f32, {});
  scalar.mutable_values<float>()[0] = value;
  const ValueId constant = builder.add_constant(std::move(scalar));
  if (dtype == DataType::f32) return constant;
  Cast cast;
  cast.to = dtype;
  return builder.add(cast, {constant});
}

}  // namespace

std::vector<Inference> Pointwise::infer(InferContext& context) const {
  context.require_inputs(program.inputs, program.inputs);
  if (program.empty()) context.fail("the program is empty");
  std::vector<DataType> operands;
  for (std::size_t i = 0; i < context.input_count(); ++i) operands.push_back(context.dtype(i));
  const DataType result = program_dtype(context, program, operands);
  return {tensor_type(result, broadcast_operands(context, 0, context.input_count()))};
}

std::vector<ValueId> Pointwise::decompose(NodeBuilder& builder, std::span<const ValueId> inputs) const {
  std::vector<ValueId> registers(inputs.begin(), inputs.end());
  TENON_CHECK(registers.size() == program.inputs, "pointwise: {} operands for {} registers", registers.size(),
              program.inputs);
  for (const Instruction& instruction : program.code) {
    if (instruction.kind == PointwiseProgram::Kind::constant) {
      registers.push_back(add_scalar(builder, instruction.alpha, instruction.to));
      continue;
    }
    const int arity = instruction.kind == PointwiseProgram::Kind::cast ? 1 : info(instruction.fn).arity;
    std::vector<ValueId> operands;
    operands.reserve(static_cast<std::size_t>(arity));
    for (int i = 0; i < arity; ++i) operands.push_back(registers[instruction.args[i]]);
    registers.push_back(builder.add(operator_of(instruction), std::move(operands)));
  }
  return {registers.back()};
}

}  // namespace op

void register_op_pointwise(OpRegistry& registry) { registry.add<op::Pointwise>(); }

}  // namespace tenon
