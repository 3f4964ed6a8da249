#include "passes/rules/program.hpp"

#include "ops/cast.hpp"
#include "ops/pointwise.hpp"
#include "ops/where.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::rules {
namespace {

using Instruction = PointwiseProgram::Instruction;
using ProgramKind = PointwiseProgram::Kind;

bool is_program_dtype(DataType dtype) {
  switch (dtype) {
    case DataType::f16:
    case DataType::bf16:
    case DataType::f32:
    case DataType::f64:
    case DataType::i8:
    case DataType::i16:
    case DataType::i32:
    case DataType::i64:
    case DataType::u8:
    case DataType::u16:
    case DataType::u32:
    case DataType::u64:
    case DataType::boolean: return true;
    default: return false;
  }
}

int arity(const Instruction& instruction) {
  if (instruction.kind == ProgramKind::call) return info(instruction.fn).arity;
  return instruction.kind == ProgramKind::cast ? 1 : 0;
}

std::optional<Instruction> instruction_of(const Op& op) {
  Instruction instruction;
  if (const auto elementwise = as_elementwise(op)) {
    instruction.fn = elementwise->fn;
    instruction.alpha = elementwise->alpha;
    instruction.beta = elementwise->beta;
    return instruction;
  }
  if (op.is<op::Where>()) {
    instruction.fn = PointwiseFn::where;
    return instruction;
  }
  if (const auto* cast = op.as<op::Cast>()) {
    if (!cast->saturate || !is_program_dtype(cast->to)) return std::nullopt;
    instruction.kind = ProgramKind::cast;
    instruction.to = cast->to;
    return instruction;
  }
  return std::nullopt;
}

// The constant as an instruction, when it is one number that a float holds.
std::optional<Instruction> constant_instruction(const Graph& graph, ValueId id, std::size_t result_rank) {
  const Tensor* tensor = graph.constant(id);
  if (tensor == nullptr || tensor->elements() != 1 || tensor->shape().size() > result_rank)
    return std::nullopt;
  const auto value = splat(graph, id);
  if (!value || static_cast<double>(static_cast<float>(*value)) != *value) return std::nullopt;
  Instruction instruction;
  instruction.kind = ProgramKind::constant;
  instruction.alpha = static_cast<float>(*value);
  instruction.to = tensor->dtype();
  return instruction;
}

// Builds a program whose inputs are told apart by value.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(std::vector<ValueId> inputs) : inputs_(std::move(inputs)) {
    result_.program.inputs = static_cast<std::uint16_t>(inputs_.size());
  }

  std::uint16_t input(ValueId id) const {
    return static_cast<std::uint16_t>(std::find(inputs_.begin(), inputs_.end(), id) - inputs_.begin());
  }

  std::uint16_t add(const Instruction& instruction) {
    result_.program.code.push_back(instruction);
    return result_.program.result();
  }

  // Appends all instructions; `registers` says where the program's inputs are. Returns the register of the
  // result.
  std::uint16_t append(const PointwiseProgram& program, std::vector<std::uint16_t> registers) {
    for (Instruction instruction : program.code) {
      for (int k = 0; k < arity(instruction); ++k) instruction.args[k] = registers[instruction.args[k]];
      registers.push_back(add(instruction));
    }
    return registers.back();
  }

  BoundProgram finish() && {
    result_.inputs = std::move(inputs_);
    return std::move(result_);
  }

 private:
  std::vector<ValueId> inputs_;
  BoundProgram result_;
};

void add_once(std::vector<ValueId>& values, ValueId id) {
  if (std::find(values.begin(), values.end(), id) == values.end()) values.push_back(id);
}

}  // namespace

std::optional<BoundProgram> as_program(const Graph& graph, const Node& node) {
  if (node.outputs.size() != 1) return std::nullopt;
  for (const ValueId input : node.inputs) {
    if (plain_dims(graph, input) == nullptr || !is_program_dtype(graph.type(input).as_tensor().dtype))
      return std::nullopt;
  }
  const Dims* dims = plain_dims(graph, node.outputs[0]);
  if (dims == nullptr) return std::nullopt;
  if (const auto* group = node.op.as<op::Pointwise>()) return BoundProgram{group->program, node.inputs};

  auto instruction = instruction_of(node.op);
  if (!instruction) return std::nullopt;
  std::vector<std::optional<Instruction>> constants;
  std::vector<ValueId> inputs;
  for (const ValueId input : node.inputs) {
    constants.push_back(constant_instruction(graph, input, dims->size()));
    if (!constants.back()) add_once(inputs, input);
  }
  if (inputs.empty()) return std::nullopt;
  ProgramBuilder builder(inputs);
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    instruction->args[i] = constants[i] ? builder.add(*constants[i]) : builder.input(node.inputs[i]);
  }
  builder.add(*instruction);
  return std::move(builder).finish();
}

bool keeps_dims(const Graph& graph, const BoundProgram& program, ValueId operand, ValueId result) {
  if (same_dims(graph, operand, result)) return true;
  const Dims* from = plain_dims(graph, operand);
  const Dims* to = plain_dims(graph, result);
  return program.inputs.size() == 1 && from != nullptr && to != nullptr && from->size() == to->size();
}

BoundProgram compose(const BoundProgram& outer, ValueId value, const BoundProgram& inner) {
  std::vector<ValueId> inputs;
  for (const ValueId id : inner.inputs) add_once(inputs, id);
  for (const ValueId id : outer.inputs) {
    if (id != value) add_once(inputs, id);
  }
  ProgramBuilder builder(inputs);
  std::vector<std::uint16_t> registers;
  for (const ValueId id : inner.inputs) registers.push_back(builder.input(id));
  const std::uint16_t computed = builder.append(inner.program, registers);
  registers.clear();
  for (const ValueId id : outer.inputs) registers.push_back(id == value ? computed : builder.input(id));
  builder.append(outer.program, registers);
  return std::move(builder).finish();
}

}  // namespace tenon::rules
