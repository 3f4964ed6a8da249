#include "backends/cpu/steps/fused.hpp"

#include "backends/cpu/kernels/pointwise/pointwise.hpp"
#include "backends/cpu/steps/padding.hpp"

namespace tenon::cpu {
namespace {

using Instruction = PointwiseProgram::Instruction;

std::optional<Activation> activation(const Instruction& call) {
  if (call.kind != PointwiseProgram::Kind::call) return std::nullopt;
  switch (call.fn) {
    case PointwiseFn::relu: return Activation::relu();
    case PointwiseFn::clip: return Activation::clip(call.alpha, call.beta);
    case PointwiseFn::leaky_relu: return Activation::leaky(call.alpha);
    default: break;
  }
  const PointwiseRoutine routine =
      info(call.fn).arity == 1
          ? select_pointwise(isa())->routines().call[static_cast<std::size_t>(call.fn)][0]
          : nullptr;
  if (routine == nullptr) return std::nullopt;
  PointwiseProgram alone;
  alone.inputs = 1;
  alone.code = {call};
  alone.code[0].args[0] = 0;
  return Activation::function(routine, call.alpha, call.beta, program_keeps_zero(alone, {true}));
}

}  // namespace

std::optional<FusedEpilogue> match_epilogue(const PointwiseProgram& program) {
  FusedEpilogue epilogue;
  if (program.empty()) return epilogue;
  std::size_t next = 0;
  std::uint16_t result = 0;  // register that holds the value so far
  if (program.inputs > 2) return std::nullopt;
  if (program.inputs == 2) {
    const Instruction& add = program.code[0];
    const bool sums_both = (add.args[0] == 0 && add.args[1] == 1) || (add.args[0] == 1 && add.args[1] == 0);
    if (add.kind != PointwiseProgram::Kind::call || add.fn != PointwiseFn::add || !sums_both)
      return std::nullopt;
    epilogue.residual = true;
    result = program.inputs;
    next = 1;
  }
  if (next == program.code.size()) return epilogue;
  if (next + 1 != program.code.size() || program.code[next].args[0] != result) return std::nullopt;
  const auto act = activation(program.code[next]);
  if (!act) return std::nullopt;
  epilogue.act = *act;
  return epilogue;
}

}  // namespace tenon::cpu
