// What an Engine shares among its contexts.
#pragma once

#include "base/thread_pool.hpp"
#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <tenon/engine.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tenon {

class Engine::State {
 public:
  State(Plan plan, const StepRegistry& registry, const LoadOptions& options);

  const Plan& plan() const noexcept { return plan_; }
  // Of one profile; ModelError when there is none of that number.
  const PlanProfile& profile(std::size_t index) const;
  const std::vector<std::unique_ptr<Step>>& steps(std::size_t profile) const { return steps_.at(profile); }
  ThreadPool& pool() const noexcept { return *pool_; }
  const std::vector<ProfileInfo>& profiles() const noexcept { return profiles_; }
  const std::vector<TensorInfo>& inputs() const noexcept { return profiles_.front().inputs; }
  const std::vector<TensorInfo>& outputs() const noexcept { return profiles_.front().outputs; }
  const EngineInfo& info() const noexcept { return info_; }

  // Position of an input or output; ModelError listing the names there are.
  std::size_t input_index(std::string_view name) const;
  std::size_t output_index(std::string_view name) const;

 private:
  void create_steps(const PlanProfile& profile, const StepRegistry& registry);

  Plan plan_;
  std::vector<std::vector<std::unique_ptr<Step>>> steps_;  // by profile
  std::shared_ptr<ThreadPool> pool_;
  std::vector<ProfileInfo> profiles_;
  EngineInfo info_;
};

// What all shapes follow from: the dims of every input, and the elements of those whose values become dims
// (empty for the others).
struct InputShapes {
  std::vector<Shape> dims, values;
  bool operator==(const InputShapes&) const = default;
};

// Concrete values of a profile's symbols, found by matching `shapes` with the inputs' dims and values.
// ModelError naming input, dim or element, value and what was expected.
SymbolValues bind_symbols(const Plan& plan, std::size_t profile, const InputShapes& shapes);

// The dims of a buffer's type; nothing where they are unknown.
std::optional<Shape> concrete_dims(const Type& type, const SymbolValues& symbols);

}  // namespace tenon
