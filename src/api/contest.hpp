// Contest: the two best assignments of a network, timed as what they are for: whole networks.
//
// A step's time alone is measured with caches in a state of its own; beside its neighbours it may take more
// or less. The times are kept in the timing cache, so the same cache gives the same winner.
#pragma once

#include "plan/lowering/lower.hpp"
#include "plan/plan.hpp"
#include "tactics/choose.hpp"

#include <vector>

namespace tenon {

struct Contest {
  const Assignment* winner = nullptr;
  Plan plan;               // of the winner
  std::vector<double> ns;  // of the best and the runner-up; empty where they were not timed
};

// The runner-up wins if it is faster by more than 1 %. Without a contest, the best by its estimate wins:
// where there is no runner-up, the deadline has passed, measuring is off, or a network cannot run on made-up
// inputs.
Contest hold_contest(const Graph& graph, const Choice& choice, const ChooseOptions& choosing,
                     const LowerOptions& lowering);

}  // namespace tenon
