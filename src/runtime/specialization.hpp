// What a profile becomes at concrete shapes: every buffer's shape, every step's prepared state. A context
// keeps several, so that going back to shapes that it has seen costs next to nothing.
#pragma once

#include "runtime/engine_state.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace tenon {

class Specialization {
 public:
  // Evaluates all dims and lets each step prepare itself. `slots`, one per buffer, hold the values of dynamic
  // buffers; they are the context's and outlive this. ModelError for shapes that the profile does not take.
  // `plan`, the `steps` of the profile and `pool` are the engine's and outlive this too.
  Specialization(const Plan& plan, std::size_t profile, const std::vector<std::unique_ptr<Step>>& steps,
                 ThreadPool& pool, InputShapes shapes, std::vector<Data>& slots);

  const InputShapes& shapes() const noexcept { return shapes_; }
  std::vector<BufferView>& views() noexcept { return views_; }
  // Of a buffer that is not dynamic, at these shapes.
  std::uint64_t bytes(std::size_t buffer) const { return bytes_[buffer]; }

  // Scratch memory that a step needs beyond the arena's share, where it runs on more threads than the plan
  // was made for.
  std::size_t own_scratch_bytes() const noexcept { return own_scratch_bytes_; }
  // Gives the steps their scratch memory; the views of arena buffers are the context's to place.
  void place_scratch(std::byte* arena, std::byte* own);

  std::size_t step_count() const noexcept { return calls_.size(); }
  Status run_step(std::size_t i) const noexcept { return steps_[i]->run(calls_[i]); }

 private:
  void resolve_shapes(const SymbolValues& symbols, std::vector<Data>& slots);
  void check_views() const;
  void specialize_step(std::size_t i);

  // One step's operands, as its call refers to them.
  struct Operands {
    std::vector<const BufferView*> inputs;
    std::vector<BufferView*> outputs;
    std::unique_ptr<StepState> state;
    std::size_t scratch_bytes = 0;
  };

  const Plan& plan_;
  const PlanProfile& profile_;
  const std::vector<std::unique_ptr<Step>>& steps_;
  ThreadPool& pool_;
  InputShapes shapes_;
  std::vector<BufferView> views_;
  std::vector<std::uint64_t> bytes_;
  std::vector<Operands> operands_;
  std::vector<StepCall> calls_;
  std::size_t own_scratch_bytes_ = 0;
};

}  // namespace tenon
