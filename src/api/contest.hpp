// Contest: the best assignments of a network, timed as what they are for: whole networks.
//
// A step's time alone is measured with caches in a state of its own; beside its neighbours it may take more
// or less. The times are kept in the timing cache, so the same cache gives the same winner.
#pragma once

#include "plan/lowering/lower.hpp"
#include "plan/plan.hpp"
#include "tactics/choose.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tenon {

// One assignment of a graph. The graphs of a contest answer the same.
struct Entrant {
  const Graph* graph = nullptr;
  const Assignment* assignment = nullptr;
};

struct Contest {
  std::size_t winner = 0;  // position among the entrants
  std::string name;        // of the winner, in the timing cache
  Plan plan;               // of the winner
  std::vector<double> ns;  // of each entrant; empty where they were not timed
};

// `entrants`: the one that promises most first; it wins unless another one is faster by more than 1 %, then
// the fastest does. Without a contest the first wins: where it is alone, the deadline has passed, measuring
// is off, or a network cannot run on made-up inputs.
Contest hold_contest(const std::vector<Entrant>& entrants, const ChooseOptions& choosing,
                     const LowerOptions& lowering);

// Whether `rival`, the winner of another contest for the same network, is faster by more than 1 %, both cut
// into portions and strips as they will run. False where that is not known and cannot be measured.
bool is_beaten(const Contest& contest, const Contest& rival, const ChooseOptions& choosing);

}  // namespace tenon
