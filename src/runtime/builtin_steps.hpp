// The step kinds of every backend that is linked in.
#pragma once

#include "plan/step.hpp"

namespace tenon {

const StepRegistry& builtin_steps();

}  // namespace tenon
