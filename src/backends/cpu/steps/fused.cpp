#include "backends/cpu/steps/fused.hpp"

#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "backends/cpu/steps/padding.hpp"

#include <span>

namespace tenon::cpu {
namespace {

using Instruction = PointwiseProgram::Instruction;
using Kind = PointwiseProgram::Kind;

bool is_residual_sum(const Instruction& add) {
  const bool sums_both = (add.args[0] == 0 && add.args[1] == 1) || (add.args[0] == 1 && add.args[1] == 0);
  return add.kind == Kind::call && add.fn == PointwiseFn::add && sums_both;
}

// What kernels do without a call.
std::optional<Activation> in_registers(const Instruction& call) {
  switch (call.fn) {
    case PointwiseFn::relu: return Activation::relu();
    case PointwiseFn::clip: return Activation::clip(call.alpha, call.beta);
    case PointwiseFn::leaky_relu: return Activation::leaky(call.alpha);
    default: return std::nullopt;
  }
}

// The instruction as a function of register `x` and at most one constant.
std::optional<ActivationCall> function_of(const PointwiseProgram& program, const Instruction& instruction,
                                          std::uint16_t x) {
  using enum ActivationCall::Constant;
  const PointwiseInfo& about = info(instruction.fn);
  if (about.arity > 2 || about.result != PointwiseResult::same) return std::nullopt;
  ActivationCall call{nullptr, instruction.alpha, instruction.beta};
  if (about.arity == 2) {
    const bool left = instruction.args[1] == x;
    const std::uint16_t other = instruction.args[left ? 0 : 1];
    if (other < program.inputs) return std::nullopt;
    const Instruction& source = program.code[other - program.inputs];
    if (source.kind != Kind::constant || source.to != DataType::f32) return std::nullopt;
    call.side = left ? ActivationCall::Constant::left : right;
    call.constant = source.alpha;
  }
  if (instruction.args[call.side == ActivationCall::Constant::left ? 1 : 0] != x) return std::nullopt;
  const int constants = call.side == none ? 0 : call.side == right ? 2 : 1;  // bit i: operand i is one
  call.routine =
      select_pointwise(isa())->routines().call[static_cast<std::size_t>(instruction.fn)][constants];
  return call.routine == nullptr ? std::nullopt : std::optional(call);
}

}  // namespace

std::optional<FusedEpilogue> match_epilogue(const PointwiseProgram& program) {
  FusedEpilogue epilogue;
  if (program.empty()) return epilogue;
  if (program.inputs > 2) return std::nullopt;
  std::size_t next = 0;
  std::uint16_t x = 0;  // register that holds the value so far
  if (program.inputs == 2) {
    if (!is_residual_sum(program.code[0])) return std::nullopt;
    epilogue.residual = true;
    x = program.inputs;
    next = 1;
  }
  Activation& act = epilogue.act;
  std::optional<Activation> alone;
  PointwiseProgram rest;  // without the sum, to see what becomes of 0
  rest.inputs = static_cast<std::uint16_t>(program.inputs + next);
  for (; next < program.code.size(); ++next) {
    const Instruction& instruction = program.code[next];
    rest.code.push_back(instruction);
    if (instruction.kind == Kind::constant) continue;
    if (instruction.kind != Kind::call || act.call_count == Activation::kMostCalls) return std::nullopt;
    const auto call = function_of(program, instruction, x);
    if (!call) return std::nullopt;
    if (act.call_count == 0) alone = in_registers(instruction);
    act.calls[act.call_count++] = *call;
    x = static_cast<std::uint16_t>(program.inputs + next);
  }
  if (x != program.result()) return std::nullopt;
  if (act.call_count == 1 && alone) {
    act = *alone;
  } else if (act.call_count > 0) {
    act.kind = Activation::Kind::functions;
    act.functions_keep_zero = program_keeps_zero(rest, std::vector<bool>(rest.inputs, true));
  }
  return epilogue;
}

}  // namespace tenon::cpu
