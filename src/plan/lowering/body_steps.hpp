// Steps that move from a list into the body of another step, where they work on smaller operands.
#pragma once

#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace tenon {

// What a byte costs that goes through memory beyond a core's cache.
inline constexpr double kFarNs = 0.06;

// The step of a list, as it would be made when the plan is loaded. It holds none of the list's types.
std::unique_ptr<Step> create_step(const Plan& plan, const StepList& list, const PlanStep& step,
                                  const StepRegistry& registry);

struct SerialStep {
  std::uint64_t scratch_bytes = 0;
  bool works_by_entry = false;
};

// What is known of a step on one thread; all dims of its operands are numbers. Nothing if it does not take
// such operands.
std::optional<SerialStep> serial_step(const Plan& plan, const StepList& list, const PlanStep& step,
                                      const StepRegistry& registry);

// A buffer for a part of `whole`, behind those that the body has.
BufferId add_piece(StepList& body, const Buffer& whole, TensorType type, std::int64_t bytes,
                   Buffer::Storage storage);

}  // namespace tenon
