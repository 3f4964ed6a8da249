// The tactics and steps of the CPU backend alone.
#pragma once

#include "plan/step.hpp"
#include "tactics/tactic.hpp"

namespace tenon::test {

const TacticRegistry& tactics();
const StepRegistry& steps();

// TENON_ISA may ask for a level that this machine does not have.
bool level_is_there();

}  // namespace tenon::test
