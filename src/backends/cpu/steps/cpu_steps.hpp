// The step kinds of the CPU backend. Each file registers its kinds through
// register_cpu_step_<file>(StepRegistry&).
#pragma once

#include "plan/step.hpp"

namespace tenon {

void register_cpu_steps(StepRegistry& registry);

// Generated from the entries of CMakeLists.txt.
void register_all_cpu_step(StepRegistry& registry);

}  // namespace tenon
