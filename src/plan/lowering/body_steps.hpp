// Steps that move from a list into the body of another step, where they work on smaller operands.
#pragma once

#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace tenon {

// The step of a list, as it would be made when the plan is loaded. It holds none of the list's types.
std::unique_ptr<Step> create_step(const Plan& plan, const StepList& list, const PlanStep& step,
                                  const StepRegistry& registry);

// The scratch memory that a step takes on one thread; all dims of its operands are numbers. Nothing if it
// does not take such operands.
std::optional<std::uint64_t> serial_scratch(const Plan& plan, const StepList& list, const PlanStep& step,
                                            const StepRegistry& registry);

}  // namespace tenon
