// Lowering: a graph and what was chosen for it become a plan of one profile: steps in order, buffers, memory,
// packed weights.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"
#include "plan/step.hpp"
#include "tactics/assignment.hpp"

#include <vector>

namespace tenon {

struct LowerOptions {
  std::vector<PlanSymbol> profile;  // one entry per symbol of the graph's inputs
  int threads = 1;
  Isa isa = Isa::portable;
};

// Step kind for outputs that need a copy of their own (an input or a constant handed through, a value that is
// two outputs), and the kind that prepare() of a tactic uses to say "the output is the memory of operand 0".
inline constexpr std::string_view kCopyStep = "copy";
inline constexpr std::string_view kAliasStep = "alias";
inline constexpr std::string_view kStringsStep = "strings";  // a constant tensor of strings: shape, values

Plan lower(const Graph& graph, const Assignment& assignment, const StepRegistry& steps,
           const LowerOptions& options);

}  // namespace tenon
