#include "backends/cpu/tactics/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tenon::cpu {

std::vector<Candidate> plain_candidate(const Problem& problem, double ns) {
  Candidate candidate;
  candidate.inputs.resize(problem.inputs.size());
  candidate.outputs.resize(problem.outputs.size());
  candidate.estimate_ns = ns;
  return {candidate};
}

Verdict require_f32(const Problem& problem) {
  if (problem.has_unknown_dims()) return Verdict::no("a shape is known only while running");
  const auto check = [](const Operand& operand) {
    return !operand.present || (operand.type.is_tensor() && operand.type.as_tensor().dtype == DataType::f32);
  };
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    if (!check(problem.inputs[i])) {
      return Verdict::no(
          fmt::format("operand {} is {}, the kernels work on f32", i, problem.inputs[i].type.to_string()));
    }
  }
  for (const Operand& operand : problem.outputs) {
    if (!check(operand))
      return Verdict::no(fmt::format("the result is {}, the kernels work on f32", operand.type.to_string()));
  }
  return Verdict::yes();
}

bool ends_with_ones(const Dims& dims, std::size_t first) {
  return std::all_of(dims.begin() + static_cast<std::ptrdiff_t>(first), dims.end(),
                     [](const Dim& dim) { return dim.is_const(1); });
}

Verdict require_constant(const Problem& problem, std::size_t i, std::string_view what) {
  if (problem.has(i) && problem.inputs[i].constant == nullptr)
    return Verdict::no(fmt::format("the {} is computed, not constant", what));
  return Verdict::yes();
}

EpilogueCheck check_epilogue(const Problem& problem, const PointwiseProgram& program, std::size_t first) {
  const auto epilogue = match_epilogue(program);
  if (!epilogue)
    return {Verdict::no(fmt::format("the kernels have no epilogue {}", program.to_string())), {}};
  if (epilogue->residual) {
    if (problem.inputs.at(first).type.as_tensor().dims != problem.output().dims) {
      return {Verdict::no("the added tensor is broadcast"), {}};
    }
    if (problem.inputs[first].constant != nullptr) return {Verdict::no("the added tensor is a constant"), {}};
  }
  return {Verdict::yes(), *epilogue};
}

}  // namespace tenon::cpu
