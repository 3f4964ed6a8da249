#include "ops/epilogue.hpp"

#include "ops/infer_helpers.hpp"
#include "ops/pointwise.hpp"

#include <fmt/format.h>

namespace tenon::op {
namespace {

// What a function is defined for.
enum class Domain {
  any,
  comparable,  // numeric, bool, string
  numeric,     // floats and integers
  is_float,
  is_signed,  // floats and signed integers
  is_integer,
  boolean,
};

Domain domain_of(PointwiseFn fn) {
  using enum PointwiseFn;
  switch (fn) {
    case equal: return Domain::comparable;
    case where: return Domain::any;
    case add:
    case sub:
    case mul:
    case div:
    case mod:
    case fmod:
    case pow:
    case abs:
    case sign:
    case square:
    case relu:
    case clip:
    case shrink:
    case prelu:
    case min:
    case max:
    case less:
    case less_equal:
    case greater:
    case greater_equal: return Domain::numeric;
    case neg: return Domain::is_signed;
    case bit_and:
    case bit_or:
    case bit_xor:
    case bit_not:
    case shift_left:
    case shift_right: return Domain::is_integer;
    case logical_and:
    case logical_or:
    case logical_xor:
    case logical_not: return Domain::boolean;
    default: return Domain::is_float;
  }
}

bool in_domain(Domain domain, DataType dtype) {
  switch (domain) {
    case Domain::any: return true;
    case Domain::comparable:
      return dtype == DataType::boolean || dtype == DataType::string || in_domain(Domain::numeric, dtype);
    case Domain::numeric: return is_compute_float(dtype) || is_compute_integer(dtype);
    case Domain::is_float: return is_compute_float(dtype);
    case Domain::is_signed: return is_compute_float(dtype) || (is_compute_integer(dtype) && is_signed(dtype));
    case Domain::is_integer: return is_compute_integer(dtype);
    case Domain::boolean: return dtype == DataType::boolean;
  }
  return false;
}

}  // namespace

DataType pointwise_dtype(const InferContext& context, PointwiseFn fn, std::span<const DataType> operands) {
  const PointwiseInfo& row = info(fn);
  const std::size_t first_value = fn == PointwiseFn::where ? 1 : 0;
  if (fn == PointwiseFn::where && operands[0] != DataType::boolean) {
    context.fail(fmt::format("where: expected a bool condition, found {}", name(operands[0])));
  }
  const DataType dtype = operands[first_value];
  if (!in_domain(domain_of(fn), dtype))
    context.fail(fmt::format("{} is not defined for {}", row.name, name(dtype)));
  for (std::size_t i = first_value + 1; i < operands.size(); ++i) {
    if (fn == PointwiseFn::pow) {
      if (!in_domain(Domain::numeric, operands[i]))
        context.fail(fmt::format("pow: {} exponent", name(operands[i])));
    } else if (operands[i] != dtype) {
      context.fail(fmt::format("{}: expected operands of one dtype, found {} and {}", row.name, name(dtype),
                               name(operands[i])));
    }
  }
  return row.result == PointwiseResult::boolean ? DataType::boolean : dtype;
}

DataType program_dtype(const InferContext& context, const PointwiseProgram& program,
                       std::span<const DataType> operands) {
  program.verify();
  if (program.inputs != operands.size()) {
    context.fail(
        fmt::format("the program has {} inputs, but there are {} operands", program.inputs, operands.size()));
  }
  std::vector<DataType> registers(operands.begin(), operands.end());
  for (const PointwiseProgram::Instruction& instruction : program.code) {
    if (instruction.kind == PointwiseProgram::Kind::call) {
      const int arity = info(instruction.fn).arity;
      std::vector<DataType> arguments;
      arguments.reserve(static_cast<std::size_t>(arity));
      for (int i = 0; i < arity; ++i) arguments.push_back(registers[instruction.args[i]]);
      registers.push_back(pointwise_dtype(context, instruction.fn, arguments));
    } else {
      registers.push_back(instruction.to);
    }
  }
  return registers.back();
}

TensorType infer_epilogue(const InferContext& context, const PointwiseProgram& epilogue,
                          const TensorType& main, std::size_t first_operand) {
  const std::size_t count = context.input_count() > first_operand ? context.input_count() - first_operand : 0;
  if (epilogue.empty()) {
    if (count != 0) context.fail(fmt::format("{} operands for an epilogue that is not there", count));
    return main;
  }
  std::vector<DataType> dtypes{main.dtype};
  for (std::size_t i = first_operand; i < first_operand + count; ++i) {
    dtypes.push_back(context.dtype(i));
    if (main.dims && context.has_rank(i)) {
      require_broadcastable_to(context, *context.tensor(i).dims, *main.dims, "epilogue operand of shape");
    }
  }
  TensorType result = main;
  result.dtype = program_dtype(context, epilogue, dtypes);
  return result;
}

ValueId add_epilogue(NodeBuilder& builder, const PointwiseProgram& epilogue, ValueId main,
                     std::span<const ValueId> operands) {
  std::vector<ValueId> inputs{main};
  inputs.insert(inputs.end(), operands.begin(), operands.end());
  return builder.add(Pointwise{epilogue}, std::move(inputs));
}

}  // namespace tenon::op
