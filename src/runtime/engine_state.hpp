// What an Engine shares among its contexts.
#pragma once

#include "base/thread_pool.hpp"
#include "plan/plan.hpp"
#include "plan/step.hpp"

#include <tenon/engine.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tenon {

class Engine::State {
 public:
  State(Plan plan, const StepRegistry& registry, const LoadOptions& options);

  const Plan& plan() const noexcept { return plan_; }
  const std::vector<std::unique_ptr<Step>>& steps() const noexcept { return steps_; }
  ThreadPool& pool() const noexcept { return *pool_; }
  const std::vector<TensorInfo>& inputs() const noexcept { return inputs_; }
  const std::vector<TensorInfo>& outputs() const noexcept { return outputs_; }
  const EngineInfo& info() const noexcept { return info_; }

  // Position of an input or output; ModelError listing the names there are.
  std::size_t input_index(std::string_view name) const;
  std::size_t output_index(std::string_view name) const;

 private:
  Plan plan_;
  std::vector<std::unique_ptr<Step>> steps_;
  std::shared_ptr<ThreadPool> pool_;
  std::vector<TensorInfo> inputs_, outputs_;
  EngineInfo info_;
};

// Concrete values of the plan's symbols, found by matching input shapes with the inputs' dims. ModelError
// naming input, dim, value and what was expected.
SymbolValues bind_symbols(const Plan& plan, std::span<const Shape> input_shapes);

// The dims of a buffer's type; nothing where they are unknown.
std::optional<Shape> concrete_dims(const Type& type, const SymbolValues& symbols);

}  // namespace tenon
