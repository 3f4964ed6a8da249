#include "backends/cpu/steps/padding.hpp"

#include <algorithm>

namespace tenon::cpu {
namespace {

// fn(0, …, 0) == 0 for these parameters.
bool maps_zero_to_zero(const PointwiseProgram::Instruction& call) {
  using enum PointwiseFn;
  switch (call.fn) {
    case add:
    case sub:
    case mul:
    case min:
    case max:
    case prelu:
    case neg:
    case abs:
    case sign:
    case sqrt:
    case square:
    case erf:
    case floor:
    case ceil:
    case round:
    case sin:
    case tan:
    case asin:
    case atan:
    case sinh:
    case tanh:
    case asinh:
    case atanh:
    case relu:
    case leaky_relu:
    case elu:
    case celu:
    case selu:
    case hard_swish:
    case silu:
    case mish:
    case softsign:
    case gelu:
    case gelu_tanh: return true;
    case clip: return call.alpha <= 0 && call.beta >= 0;
    case thresholded_relu:
    case shrink: return call.alpha >= 0;
    default: return false;
  }
}

}  // namespace

bool program_keeps_zero(const PointwiseProgram& program, std::vector<bool> zero) {
  for (const PointwiseProgram::Instruction& instruction : program.code) {
    switch (instruction.kind) {
      case PointwiseProgram::Kind::constant: zero.push_back(instruction.alpha == 0); break;
      case PointwiseProgram::Kind::cast: zero.push_back(zero[instruction.args[0]]); break;
      case PointwiseProgram::Kind::call: {
        const int arity = info(instruction.fn).arity;
        const bool all = std::all_of(instruction.args, instruction.args + arity,
                                     [&](std::uint16_t arg) { return zero[arg]; });
        zero.push_back(all && maps_zero_to_zero(instruction));
        break;
      }
    }
  }
  return !zero.empty() && zero.back();
}

}  // namespace tenon::cpu
