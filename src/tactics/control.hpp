// Tactics of If, Loop and Scan: the bodies run as lists of steps of their own.
#pragma once

#include "tactics/choose.hpp"

namespace tenon {

void register_control_tactics(TacticRegistry& registry);

// Whether the tactic runs the regions of its node as bodies: choose() then chooses inside of them, and
// lowering makes lists of steps of what it chose.
bool runs_bodies(const Tactic& tactic) noexcept;

// How many results of such a node are values that go from one iteration to the next; they come first.
std::size_t carried_results(const Problem& problem);

}  // namespace tenon
