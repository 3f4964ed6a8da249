// The tactics of the CPU backend. Each file registers its own through
// register_cpu_tactic_<file>(TacticRegistry&).
#pragma once

#include "tactics/tactic.hpp"

namespace tenon {

void register_cpu_tactics(TacticRegistry& registry);

// Generated from the entries of CMakeLists.txt.
void register_all_cpu_tactic(TacticRegistry& registry);

}  // namespace tenon
