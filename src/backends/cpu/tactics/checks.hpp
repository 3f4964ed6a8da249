// Questions that several tactics ask of a problem.
#pragma once

#include "backends/cpu/kernels/kernel.hpp"
#include "backends/cpu/steps/fused.hpp"
#include "tactics/tactic.hpp"

#include <optional>
#include <string>

namespace tenon::cpu {

inline Layout blocked() { return Layout::channel_blocked(kChannelBlock); }

// The one candidate of a tactic that works on plain tensors.
std::vector<Candidate> plain_candidate(const Problem& problem, double ns);

// No when an operand or result is not a dense f32 tensor of known rank and bounded dims.
Verdict require_f32(const Problem& problem);

// Whether all dims from `first` on are 1.
bool ends_with_ones(const Dims& dims, std::size_t first);

// No when operand `i` is not a constant of the network.
Verdict require_constant(const Problem& problem, std::size_t i, std::string_view what);

// The compiled-in epilogue, when the program is one and its operands (from `first` on) have the result's
// shape.
struct EpilogueCheck {
  Verdict verdict;
  FusedEpilogue epilogue;
};
EpilogueCheck check_epilogue(const Problem& problem, const PointwiseProgram& program, std::size_t first);

}  // namespace tenon::cpu
