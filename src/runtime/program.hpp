// Program: a list of steps of a plan with its steps created, those of bodies included. Shared by all contexts
// of an engine.
#pragma once

#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tenon {

class Program {
 public:
  // `plan` and `list`, which is part of it, outlive this. ModelError for parameters that make no sense.
  Program(const Plan& plan, const StepList& list, const StepRegistry& registry);

  const Plan& plan() const noexcept { return plan_; }
  const StepList& list() const noexcept { return list_; }
  const Step& step(std::size_t i) const { return *steps_[i]; }

  // What a step of the list keeps of the plan's blobs; the memory is the plan's.
  std::vector<Tensor> weights_of(const PlanStep& step) const;

  // Steps with those of bodies, each behind its owner, and where in this order step `i` of the list stands.
  std::size_t total_steps() const noexcept { return total_; }
  std::size_t position(std::size_t i) const { return positions_[i]; }

  // The aliases that view an input or output buffer, directly or not, in an order in which they can be
  // placed.
  const std::vector<std::uint32_t>& views_of(std::size_t buffer) const { return views_[buffer]; }

 private:
  void create(const PlanStep& step, const StepRegistry& registry);

  const Plan& plan_;
  const StepList& list_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::vector<std::size_t> positions_;
  std::size_t total_ = 0;
  std::vector<std::vector<std::uint32_t>> views_;
};

}  // namespace tenon
