// choose: precision, layout and implementation for every node, decided together.
#pragma once

#include "ir/graph.hpp"
#include "plan/plan.hpp"
#include "plan/step.hpp"
#include "tactics/assignment.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

class TimingCache;

// What the time of a node is wanted for.
enum class Effort : std::uint8_t {
  decide,  // between its contenders: where there is one, nothing is timed
  know,    // to compare it with another way to do the work: timed in any case
  glance,  // likewise, but the answer is clear: two contenders are enough
};

struct ChooseOptions {
  std::vector<PlanSymbol> profile;
  Accuracy accuracy = Accuracy::standard;
  Isa isa = Isa::portable;
  int threads = 1;
  // 16-bit types in which values of f32 may pass from node to node; network inputs and outputs do not.
  std::vector<DataType> stored_types;
  // Whether a node does without that type all the same; empty: none does.
  std::function<bool(const Graph&, NodeId, DataType)> keeps_f32;
  bool measure = true;           // false: cost model only
  TimingCache* cache = nullptr;  // read, and added to
  // No measurement begins after that; what has not been measured by then is estimated.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::function<Effort(const Graph&, NodeId)> effort;  // none: decide
  // Called before each timing: done, total.
  std::function<void(std::size_t, std::size_t)> progress;
};

// What a node reads: its operands, then the values that its regions capture.
std::vector<ValueId> operands_of(const Graph& graph, NodeId node);

// An operand of that type: its dims at the profile's opt and max. `constant`: its value, or null.
Operand operand_of(const Type& type, const Tensor* constant, const ChooseOptions& options);

// The problem that a node poses: types, dims at the profile's opt and max, constants.
Problem problem_of(const Graph& graph, NodeId node, const ChooseOptions& options);

// The runner-up is the best of the assignments that do without some tactic of the best one, if it is not far
// behind: a tactic's time alone tells little about what it does to the caches for its neighbours, and that
// goes for all of its uses.
struct Choice {
  Assignment best;
  std::optional<Assignment> runner_up;
};

// May decompose nodes of `graph` that no fast tactic takes whole. Minimises node costs plus conversion costs
// over the graph. ModelError naming every node that no tactic solves, with the reasons.
Choice choose(Graph& graph, const TacticRegistry& tactics, const StepRegistry& steps,
              const ChooseOptions& options);

}  // namespace tenon
