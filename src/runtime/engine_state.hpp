// What an Engine shares among its contexts.
#pragma once

#include "base/thread_pool.hpp"
#include "runtime/program.hpp"

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
  const Program& program(std::size_t profile) const { return *programs_.at(profile); }
  ThreadPool& pool() const noexcept { return *pool_; }
  const std::vector<ProfileInfo>& profiles() const noexcept { return profiles_; }
  const std::vector<TensorInfo>& inputs() const noexcept { return profiles_.front().inputs; }
  const std::vector<TensorInfo>& outputs() const noexcept { return profiles_.front().outputs; }
  const EngineInfo& info() const noexcept { return info_; }

  // Position of an input or output; ModelError listing the names there are.
  std::size_t input_index(std::string_view name) const;
  std::size_t output_index(std::string_view name) const;

 private:
  Plan plan_;
  std::vector<std::unique_ptr<const Program>> programs_;  // by profile
  std::shared_ptr<ThreadPool> pool_;
  std::vector<ProfileInfo> profiles_;
  EngineInfo info_;
};

}  // namespace tenon
